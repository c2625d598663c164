"""Proposers that are no agents: a model writes programs, and code decides what it is shown.

    proposer    the search's side: starts a process of its own for each session
    session     the process's side: the history as it is shown, the writing model, drafts
    evidence    what the history says of each candidate
    writer      single shot: the model is shown one parent; with `--history none`, best of N
    gepa        the package gepa, which owns its loop: replayed from the record up to the next new program
    openevolve  the package openevolve: its database is filled from the record, then sampled

Nothing is kept between sessions but the history: a session that was cut off is run again, asks the same questions in
the same order, and finds the replies it had in the cache. No optimizer runs a program: the search evaluates them all.
"""
