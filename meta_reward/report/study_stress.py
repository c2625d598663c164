"""The tables of `study stress`."""

from meta_reward.report.blocks import Block, Grid, Lines, Title
from meta_reward.report.tables import SIMULATED, difference, percent, plural
from meta_reward.search.studies.stress import StressTables
from meta_reward.search.studies.stress_numbers import Arm, Pick, Update

_ARMS = (
    "tuned: search and validation are scored by the reward that the run chose; untuned: by that of its baseline; "
    "official: by the truth. baseline, chosen: official success on test; gain: of the two, with its 95% interval by "
    "task; learned: what the reward says the chosen program gains on validation (selected), official: what it gains "
    "there in truth, and ahead: by how much the first exceeds the second, all in points"
)
_PICKS = (
    "on each search task, the agent that the learned reward likes best: of how many on average, the official success "
    "of all of them, of the one picked, and of the best one in truth; regret: by how much the last is above the "
    "picked, in points"
)
_COURSE = (
    "the leader on search after each update, the mean over searches: its learned reward, the official success of the "
    "very same trials, which no search saw, how far the first is ahead, in points, and how many distinct sequences of "
    "tool calls its trials show, with their entropy in bits"
)


def stress_blocks(tables: StressTables) -> list[Block]:
    """The arms side by side, then their course."""
    about = (
        f"{plural(tables.seeds, 'search', 'searches')} of each on {tables.taskset}, "
        f"{plural(tables.updates, 'update')}, under the reward of run {tables.reward}"
    )
    return [
        Title(f"Does the reward of {tables.reward} survive on {tables.taskset}?"),
        Lines([about, f"search {' '.join(tables.search)}"]),
        Grid(
            ["arm", "baseline", "chosen", "gain [95%]", "learned", "official", "ahead", "replaced"],
            [_arm(one) for one in tables.arms],
        ),
        Lines([_ARMS]),
        Grid(["arm", "of", "mean", "picked", "best", "regret"], [_pick(one) for one in tables.picks]),
        Lines([_PICKS]),
        Grid(
            ["arm", "update", "learned", "official", "ahead", "ways", "entropy"],
            [_update(one) for one in tables.course],
        ),
        Lines(
            [
                _COURSE,
                f"the test split of {tables.taskset} has been opened {plural(tables.openings, 'time')} by now, this "
                "study being one of them",
                SIMULATED if tables.simulated else "",
            ]
        ),
    ]


def _arm(one: Arm) -> list[object]:
    ahead = None if one.learned_gain is None else one.learned_gain - one.official_gain
    return [
        *(one.arm, percent(one.baseline), percent(one.chosen)),
        difference(one.gain).replace(" points", ""),
        *(_points(one.learned_gain), _points(one.official_gain), _points(ahead)),
        f"{one.replaced} of {one.searches}",
    ]


def _pick(one: Pick) -> list[object]:
    shares = (percent(one.mean), percent(one.picked), percent(one.best))
    return [one.arm, f"{one.candidates:.1f}", *shares, f"{(one.best - one.picked) * 100:.1f}"]


def _update(one: Update) -> list[object]:
    ahead = None if one.learned is None else one.learned - one.official
    shares = (percent(one.learned), percent(one.official), _points(ahead))
    return [one.arm, one.update, *shares, f"{one.behaviours:.1f}", f"{one.entropy:.2f}"]


def _points(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:+.1f}"
