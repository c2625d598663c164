"""Skyways, the simulated airline desk: an offline world of policy, records, tools, customers and agents.

    from meta_reward.offline.skyways import build

    build(Path("tasks/skyways"))

It is simulated and says so: what is measured on it says nothing about any real agent or model.
"""

from meta_reward.offline.skyways.build import build

__all__ = ["build"]
