"""Puzzles: generated problems in words over 40 methods, with a corpus of worked examples; simulated.

    from meta_reward.offline.puzzles import build

    build(Path("tasks/puzzles"))

Each method has a story in which its problems are usually told. Most worked examples tell that story; most problems to
solve tell that of another method. So the words that two problems share say little about whether they are solved alike.
What is measured on them says nothing about any real model.

    method      what a method is            rates, shapes, chances, numbers   the 40 methods
    stories     surface words               build                     the task set
"""

from meta_reward.offline.puzzles.build import build

__all__ = ["build"]
