"""The kinds of program by name, and task sets of any of them."""

from pathlib import Path

from meta_reward.errors import DataError
from meta_reward.harness.validate import definitions
from meta_reward.kinds.agent import AgentKind
from meta_reward.kinds.base import Kind
from meta_reward.kinds.classify import ClassifyKind
from meta_reward.kinds.reward import RewardKind
from meta_reward.kinds.solve import SolveKind
from meta_reward.tasks.about import NAME, load_about
from meta_reward.tasks.base import AnyTaskSet, check_folder

_EVERY: tuple[Kind, ...] = (RewardKind(), ClassifyKind(), SolveKind(), AgentKind())
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


def load_any_task_set(path: Path) -> AnyTaskSet:
    """A task set of whatever kind. Raises DataError that names the file and what to fix."""
    check_folder(path)
    name = load_about(path).kind
    if name not in KINDS:
        raise DataError(path / NAME, f"names kind {name!r}", hint=f"known: {', '.join(KINDS)}")
    return KINDS[name].load(path)
