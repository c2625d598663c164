"""Libraries: harnesses made of entries, which are rubrics and tools, and of an engine that is the same in all.

    entries     skills and tools as data, and their checks
    source      a library as a harness: entries as literals, functions of tools, the engine (`head.txt`, `engine.txt`)
    folder      a library as files to read, edit and share: `skills/NAME/SKILL.md`, `tools/NAME/SKILL.md`
    edits       additions, changes and removals as data, applied to a library
    phases      which library a search builds on: phases, hold-out tasks, what was kept and what rolled back
    prompt      what the model is shown and asked, and the `proposal.md` of a candidate
    stats       how often each entry was chosen, and what it gained

A library is not a kind of program of its own: it is a reward harness. The proposer `library:MODEL`, in
`meta_reward/propose/optimizers/library.py`, edits its entries.
"""
