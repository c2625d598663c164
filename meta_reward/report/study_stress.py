"""The tables of `study stress`."""

from collections.abc import Sequence

from meta_reward.evaluation.best_of_n import BestOfN
from meta_reward.report.blocks import Block, Grid, Lines, Title
from meta_reward.report.study_exploits import exploit_groups
from meta_reward.report.tables import SIMULATED, difference, percent, plural
from meta_reward.search.studies.stress import StressTables
from meta_reward.search.studies.stress_numbers import Arm, Update
from meta_reward.search.studies.stress_trials import Pick

_ARMS = (
    "tuned: search and validation are scored by the reward that the run chose; untuned: by that of its baseline; "
    "official: by the truth. baseline, chosen: official success on test; gain: of the two, with its 95% interval by "
    "task. learned: what the reward says the leader after the last update gains over the baseline on held-out tasks, "
    "official: what it gains in truth in the same trials, and ahead: by how much the first exceeds the second, all in "
    "points"
)
_COURSE = (
    "the leader on search after each update, the mean over searches: its learned reward, the official success of the "
    "very same trials, which no search saw, and how far the first is ahead, in points; the same of its trials on "
    "held-out tasks; and in how many ways its trials on search went, by their sequences of tool calls, with the "
    "entropy of these in bits. Held out are the tasks of validation, with trials that were made when the searches had "
    "ended"
)
_PICKS = (
    "of n trials of the same held-out task, by the leaders of all arms and the baseline: the official success of any "
    "one of them, of the best one in truth, and of the picked, which the learned reward likes best, expected over all "
    "ways to draw n of them; regret: by how much the best is above the picked, in points"
)
_EXPLOITS = "ways to please a judge that change nothing of what was done, as `study exploits` tries them: "


def stress_blocks(tables: StressTables) -> list[Block]:
    """The arms side by side, their course, what the rewards pick, and the exploits."""
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
        Grid(
            ["arm", "after", "learned", "official", "ahead", "held out", "official", "ahead", "ways", "bits"],
            [_update(one) for one in tables.course],
        ),
        Lines([_COURSE]),
        _picks(tables.picks),
        Lines([*map(_agreement, tables.picks), _PICKS]),
        exploit_groups(tables.exploits),
        Lines(
            [
                _EXPLOITS
                + f"{plural(tables.exploits.failures, 'honest failure')} of {tables.exploits.taskset}, "
                + f"{tables.exploits.split} split",
                f"the test split of {tables.taskset} has been opened {plural(tables.openings, 'time')} by now, this "
                "study being one of them",
                SIMULATED if tables.simulated else "",
            ]
        ),
    ]


def _arm(one: Arm) -> list[object]:
    return [
        *(one.arm, percent(one.baseline), percent(one.chosen)),
        difference(one.gain).replace(" points", ""),
        *(_points(one.learned_gain), _points(one.official_gain), _ahead(one.learned_gain, one.official_gain)),
        f"{one.replaced} of {one.searches}",
    ]


def _update(one: Update) -> list[object]:
    return [
        *(one.arm, one.update),
        *_side_by_side(one.learned, one.official),
        *_side_by_side(one.held_learned, one.held_official),
        *(f"{one.behaviours:.1f}", f"{one.entropy:.2f}"),
    ]


def _side_by_side(learned: float | None, official: float) -> Sequence[str]:
    return percent(learned), percent(official), _ahead(learned, official)


def _picks(picks: Sequence[Pick]) -> Grid:
    """A row for each number of draws, with both rewards side by side."""
    headers = [f"{one.arm}: {what}" for one in picks for what in ("picked", "regret")]
    rows = []
    for same in zip(*(one.curve for one in picks), strict=True):
        first, cells = same[0], [cell for at in same for cell in _picked(at)]
        rows.append([first.n, percent(first.random), percent(first.oracle), *cells])
    return Grid(["n", "any", "best", *headers], rows)


def _picked(at: BestOfN) -> tuple[str, str]:
    return percent(at.harness), f"{(at.oracle - at.harness) * 100:.1f}"


def _agreement(one: Pick) -> str:
    agreement = "-" if one.agreement is None else percent(one.agreement)
    return f"{one.arm}: the better of two trials of a task has the higher reward in {agreement} of the cases"


def _ahead(learned: float | None, official: float) -> str:
    return _points(None if learned is None else learned - official)


def _points(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:+.1f}"
