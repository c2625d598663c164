"""Solutions: answers to the problems of `puzzles`, right and wrong ones, as a task set of pairs; simulated.

    ways      in which a problem is answered: some find out more, others only sound better
    build     the task set: a right answer is preferred to a wrong one
    policy    a policy that chooses among the ways, for `meta-reward mpo`

What is measured on them says nothing about any real model.
"""

from meta_reward.offline.solutions.build import build

__all__ = ["build"]
