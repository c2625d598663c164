"""The kinds of program by name, and task sets of any kind."""

from pathlib import Path

from meta_reward.errors import DataError, UsageError
from meta_reward.harness.validate import definitions
from meta_reward.kinds.agent import AgentKind
from meta_reward.kinds.base import Kind
from meta_reward.kinds.classify import ClassifyKind
from meta_reward.kinds.compare import CompareKind
from meta_reward.kinds.reward import RewardKind
from meta_reward.kinds.solve import SolveKind
from meta_reward.tasks.about import NAME, OF_PAIRS, load_about
from meta_reward.tasks.base import AnyTaskSet, check_folder

_EVERY: tuple[Kind, ...] = (RewardKind(), ClassifyKind(), SolveKind(), AgentKind(), CompareKind())
KINDS = {kind.name: kind for kind in _EVERY}


def kind_of(taskset: AnyTaskSet) -> Kind:
    """The kind that a task set names."""
    return KINDS[taskset.about.kind]


def kind_of_source(source: str) -> Kind:
    """The kind whose required functions a program defines; the reward if there is none."""
    try:
        names = definitions(source)
    except SyntaxError:
        names = {}
    return next((kind for kind in _EVERY if set(kind.program.required) <= set(names)), _EVERY[0])


def load_any_task_set(path: Path, *, kind: str = "") -> AnyTaskSet:
    """A task set of any kind. kind: of the programs, as for `for_programs`.

    Raises DataError that names the file and what to fix, and UsageError if the set does not serve such programs.
    """
    check_folder(path)
    name = load_about(path).kind
    if name not in KINDS:
        raise DataError(path / NAME, f"names kind {name!r}", hint=f"known: {', '.join(KINDS)}")
    return for_programs(KINDS[name].load(path), kind)


def for_programs(taskset: AnyTaskSet, kind: str) -> AnyTaskSet:
    """A task set for programs of a kind; "" for the kind that it names. Raises UsageError if it does not serve them.

    A task set of pairs serves programs that score single trajectories, and programs that compare several.
    """
    named = taskset.about.kind
    if kind in ("", named):
        return taskset
    if not {kind, named} <= OF_PAIRS:
        what = f"task set {taskset.name} is for kind {named}, and not for {kind}"
        raise UsageError(what, hint=f"only task sets of pairs serve two kinds, {' and '.join(sorted(OF_PAIRS))}")
    return taskset.of_kind(kind)


def for_source(taskset: AnyTaskSet, source: str) -> AnyTaskSet:
    """The task set for the kind of this program, if both are of pairs; else as it is."""
    if taskset.about.kind not in OF_PAIRS:
        return taskset
    kind = kind_of_source(source).name
    return taskset.of_kind(kind) if kind in OF_PAIRS else taskset
