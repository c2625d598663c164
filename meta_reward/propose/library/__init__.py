"""Libraries: harnesses whose rubrics and tools are entries, below which stands an engine that is the same in all.

    entries     skills and tools as data, and what makes one an entry
    source      a library as a harness: entries as literals, functions of tools, the engine (`head.txt`, `engine.txt`)
    folder      a library as files to read, edit and share: `skills/NAME/SKILL.md`, `tools/NAME/SKILL.md`
    edits       additions, changes and removals as data, applied to a library
    phases      which library a search goes on from: phases, hold-out tasks, what was kept and what rolled back
    orchestrate the proposer: what a model is shown and asked, and candidates of its edits
    stats       how often each entry was chosen, and what it gained

A library is no kind of program: it is a reward harness, and the proposer `library:MODEL` edits its entries.
"""
