"""The kinds of program by name, and task sets of any of them."""

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
    """The kind whose functions a program defines; the reward where it defines none's."""
    try:
        names = definitions(source)
    except SyntaxError:
        names = {}
    return next((kind for kind in _EVERY if set(kind.program.required) <= set(names)), _EVERY[0])


def load_any_task_set(path: Path, *, kind: str = "") -> AnyTaskSet:
    """A task set of whatever kind. kind: of the programs, as for `for_programs`.

    Raises DataError that names the file and what to fix, and UsageError.
    """
    check_folder(path)
    name = load_about(path).kind
    if name not in KINDS:
        raise DataError(path / NAME, f"names kind {name!r}", hint=f"known: {', '.join(KINDS)}")
    return for_programs(KINDS[name].load(path), kind)


def for_programs(taskset: AnyTaskSet, kind: str) -> AnyTaskSet:
    """A task set for programs of a kind, "" for the one that it names. Raises UsageError where it does not serve them.

    A task set of pairs serves programs that score single trajectories, and those that compare several.
    """
    named = taskset.about.kind
    if kind in ("", named):
        return taskset
    if not {kind, named} <= OF_PAIRS:
        what = f"task set {taskset.name} is for kind {named}, and not for {kind}"
        raise UsageError(what, hint=f"those of pairs serve {' and '.join(sorted(OF_PAIRS))}")
    return taskset.of_kind(kind)


def for_source(taskset: AnyTaskSet, source: str) -> AnyTaskSet:
    """A task set of pairs for programs such as this one; any other as it is."""
    if taskset.about.kind not in OF_PAIRS:
        return taskset
    kind = kind_of_source(source).name
    return taskset.of_kind(kind) if kind in OF_PAIRS else taskset
