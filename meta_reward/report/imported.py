"""The results of importing and checking a task set, and its power, as text and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_reward.report.tables import plural
from meta_reward.tasks.divide import SPLITS

if TYPE_CHECKING:
    from meta_reward.tasks.agreement import Agreement
    from meta_reward.tasks.base import AnyTaskSet
    from meta_reward.tasks.check import Check
    from meta_reward.tasks.importers.assemble import Assembled
    from meta_reward.tasks.importers.collect import Collected
    from meta_reward.tasks.importers.record import Problem
    from meta_reward.tasks.taskset import TaskSet

_SKIPPED_SHOWN = 5
_GAIN = 0.2
_TRACES = "nothing can be searched for on it; a search for agents by a learned reward takes it with --traces"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left out."""

    file: str
    row: str
    field: str
    what: str
    """What is wrong with it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The imported trajectories and pairs, as `--json` prints them."""

    formats: list[str]
    rows: int
    trajectories: int
    tasks: int
    policies: int
    unlabelled: int
    """Trajectories without a label, in sets that have labels."""
    added: dict[str, int]
    """New trajectories and pairs."""
    pairs: dict[str, int]
    """Pairs that were given, pairs made from labels, and all pairs of the set."""
    splits: dict[str, dict[str, int]]
    """By split, the number of tasks with pairs and of their pairs; empty if the set is not divided."""
    skipped: list[Skipped]


@dataclass(frozen=True, slots=True)
class TaskSetPower:
    """What a decision on the validation split can detect, as `--json` prints it."""

    validation_tasks: int
    validation_pairs: int
    smallest_p: float | None
    """None if there are too few tasks for a test."""
    gain_found: float | None
    """The gain that is found in 80% of searches; None if no gain is."""
    gain: float
    """The gain that was asked about; the next five fields are about it."""
    chance: float
    """The share of searches in which it is found."""
    validation_tasks_needed: int
    more_validation_tasks: int
    more_tasks: int
    tasks_needed: int


def imported(found: "Collected", made: "Assembled", taskset: "TaskSet") -> Imported:
    """A summary of the imported trajectories and pairs."""
    return Imported(
        formats=sorted(set(found.formats)),
        rows=found.rows,
        trajectories=len(made.rollouts),
        tasks=len({rollout.task for rollout in made.rollouts.values()}),
        policies=len({rollout.trajectory.policy for rollout in made.rollouts.values()}),
        unlabelled=_unlabelled(made),
        added={"trajectories": len(made.new), "pairs": made.given + made.from_labels},
        pairs={"given": made.given, "from_labels": made.from_labels, "all": len(made.pairs)},
        splits=_sizes_of_splits(taskset),
        skipped=[Skipped(str(p.place.path), p.place.row, p.field, p.what) for p in (*found.skipped, *made.skipped)],
    )


def _unlabelled(made: "Assembled") -> int:
    in_pairs = {side for pair in made.pairs for side in (pair.preferred, pair.other)}
    return sum(
        r.success is None and r.id not in made.annotations.labels and r.id not in in_pairs
        for r in made.rollouts.values()
    )


def _sizes_of_splits(taskset: "TaskSet") -> dict[str, dict[str, int]]:
    if taskset.division is None:
        return {}
    with_pairs = set(taskset.tasks_with_items)
    parts = {split: with_pairs & set(tasks) for split, tasks in taskset.division.splits.items()}
    return {split: {"tasks": len(parts[split]), "pairs": len(taskset.part(parts[split])[1])} for split in SPLITS}


def render_import(found: "Collected", made: "Assembled", taskset: "TaskSet", *, grown: bool) -> list[str]:
    """The imported trajectories and pairs in a few lines."""
    about = imported(found, made, taskset)
    size = f"{plural(about.trajectories, 'trajectory')}, {plural(about.tasks, 'task')}"
    if grown:
        size += f" ({plural(len(made.new), 'trajectory')} new)"
    kinds = [(made.given, "given"), (made.from_labels, "from labels")]
    told = ", ".join(f"{count} {how}" for count, how in kinds if count) or "0 new"
    pairs = f"{plural(len(made.pairs), 'pair')} ({told})" if made.pairs else "no labels, so no pairs"
    lines = [f"{size}, {_policy(made)}; {pairs}"]
    if about.unlabelled and made.pairs:
        lines.append(f"{plural(about.unlabelled, 'trajectory')} without a label or a pair kept as unlabelled")
    if made.without_policy:
        lines.append(f"{plural(made.without_policy, 'trajectory')} named no policy: taken to be that of the others")
    lines.append(render_splits(taskset) if made.pairs else _TRACES)
    if skipped := [*found.skipped, *made.skipped]:
        lines.append(render_skipped(skipped, found.rows))
    return lines


def _policy(made: "Assembled") -> str:
    variants = {r.trajectory.policy for r in made.rollouts.values()} - {""}
    if not variants:
        return "no policy (pass --policy FILE if the agents had one)"
    return f"policy in {plural(len(variants), 'variant')}"


def render_skipped(skipped: Sequence["Problem"], rows: int) -> str:
    """Why rows were left out: one phrase per reason, with the first row that was."""
    several = len({p.place.path for p in skipped}) > 1
    reasons: dict[str, list[Problem]] = {}
    for problem in skipped:
        reasons.setdefault(problem.what, []).append(problem)
    shown = []
    for what, of_it in list(reasons.items())[:_SKIPPED_SHOWN]:
        first = of_it[0]
        where = str(first.place) if several else first.place.row
        others = f" and {len(of_it) - 1} more" if len(of_it) > 1 else f", {first.field}" if first.field else ""
        shown.append(f"{where}{others}: {what}")
    left = sum(map(len, list(reasons.values())[_SKIPPED_SHOWN:]))
    more = f"; and {left} more" if left else ""
    return f"skipped {len(skipped)} of {rows}: {'; '.join(shown)}{more}"


def render_splits(taskset: "TaskSet") -> str:
    """Tasks and pairs of each split, and the gain that the decision of a search can detect with them."""
    splits = _sizes_of_splits(taskset)
    if not splits:
        tasks = len(taskset.tasks_with_items)
        return f"{plural(tasks, 'task')} with pairs: too few to divide into search, validation and test, which takes 3"
    parts = "; ".join(
        f"{split} {plural(part['tasks'], 'task')}, {plural(part['pairs'], 'pair')}" for split, part in splits.items()
    )
    return f"{parts}\n{render_power(power_of_task_set(taskset, _GAIN))}"


def power_of_task_set(taskset: "AnyTaskSet", gain: float) -> TaskSetPower:
    """The smallest p on validation, the gain found in 80% of searches, and the number of tasks that `gain` takes.

    Raises UsageError if the set has too few tasks to divide.
    """
    from meta_reward.evaluation.power import chance_to_pass, power_of, tasks_needed
    from meta_reward.tasks.splits import splits_of

    splits = splits_of(taskset)
    items = taskset.items_of_each(splits["validation"])
    power, needed = power_of(items), tasks_needed(gain, items)
    whole = sum(map(len, splits.values()))
    return TaskSetPower(
        validation_tasks=power.tasks,
        validation_pairs=sum(items),
        smallest_p=power.smallest_p,
        gain_found=power.gain,
        gain=gain,
        chance=chance_to_pass(gain, items),
        validation_tasks_needed=needed,
        more_validation_tasks=max(0, needed - len(items)),
        more_tasks=max(0, round(needed * whole / len(items)) - whole),
        tasks_needed=round(needed * whole / len(items)),
    )


def render_power(power: TaskSetPower) -> str:
    """The gain that is found, or how many tasks it takes to find `gain`, in one phrase."""
    wanted = f"about {power.tasks_needed} tasks find a gain of {100 * power.gain:.0f} points"
    if power.smallest_p is None:
        return f"too few for a tested decision; {wanted}"
    if power.gain_found is None:
        return f"no gain is found in 80% of searches; {wanted}"
    found = f"a gain of {100 * power.gain_found:.0f} points is found in 80% of searches"
    return found if power.gain_found <= power.gain else f"{found}; {wanted}"


def render_check(check: "Check") -> list[str]:
    """A line for each finding."""
    lines = []
    for finding in check.findings:
        names = ", ".join(finding.examples)
        more = ", ..." if finding.count > len(finding.examples) else ""
        lines.append(f"look at: {finding.what}: {finding.count}" + (f" ({names}{more})" if names else ""))
    about = (("judged", "pair", check.agreement), ("labelled", "trajectory", check.label_agreement))
    lines += [_agreement(verb, noun, found) for verb, noun, found in about if found is not None]
    return lines


def _agreement(verb: str, noun: str, found: "Agreement") -> str:
    numbers = [f"{100 * found.share:.0f}% of couples agree"]
    known = (("alpha", found.alpha), ("kappa", found.kappa))
    numbers += [f"{name} {value:.2f}" for name, value in known if value is not None]
    return f"{found.annotators} annotators {verb} {plural(found.items, noun)} together: {', '.join(numbers)}"
