"""The run with more tool calls is the better one; nobody is asked.

Whoever looks things up is thorough. Risk: much is done in vain, or wrongly.
"""

from meta_reward.harness import Comparison, Judge, Trajectory


async def compare(trajectories: tuple[Trajectory, ...], judge: Judge) -> Comparison:
    """A score that grows with the calls of a run."""
    counts = [len(one.calls()) for one in trajectories]
    return Comparison([100.0 * count / (count + 5) for count in counts])
