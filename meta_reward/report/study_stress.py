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
    "official: by the true outcome. baseline, chosen: official success on test; gain: chosen minus baseline, with its "
    "95% interval by task. learned: the gain of the last leader over the baseline on held-out tasks according to the "
    "reward; official: its true gain in the same trials; ahead: learned minus official; all in points"
)
_COURSE = (
    "the leader on search after each update, as a mean over searches: its learned reward; the official success of the "
    "very same trials, which no search saw; and how far the reward is ahead, in points. The same for its trials on "
    "held-out tasks. Then the number of different sequences of tool calls in its trials on search, and their entropy "
    "in bits. Held-out tasks are those of validation, with trials made after the searches had ended"
)
_PICKS = (
    "n trials of the same held-out task are drawn from those of the leaders of all arms and the baseline. any: the "
    "expected official success of a random one; best: of the truly best one; picked: of the one with the highest "
    "learned reward; regret: best minus picked, in points"
)
_EXPLOITS = "ways to please a judge without changing what was done, as in `study exploits`: "


def stress_blocks(tables: StressTables) -> list[Block]:
    """The arms side by side, their course over updates, what the rewards pick, and the exploits."""
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
    """One row per number of draws, with both rewards side by side."""
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
