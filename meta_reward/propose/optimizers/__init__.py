"""Proposers that are not agents: a model writes programs, and code decides what it is shown.

    proposer    the search's side: starts a new process for each session
    session     the process's side: reads the history, asks the writing model, leaves drafts
    evidence    what the history has on each candidate
    writer      single shot: the model is shown one parent; with `--history none`, best of N
    gepa        the package gepa, which has its own loop: replayed from the record up to the next new program
    openevolve  the package openevolve: its database is filled from the record, then sampled
    library     edits skills and tools of a library, or prunes it

Only the history is kept between sessions. A session that was cut off is run again: it asks the same questions in the
same order, and finds the replies in the cache. No optimizer runs a program; the search evaluates all of them.
"""
