"""One start of a search: the process that holds the run, shows what it does, and says how it ended."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from meta_reward.cli.interrupt import run_interruptible
from meta_reward.cli.progress import shown
from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.kinds.registry import kind_of
from meta_reward.report.status import status_of
from meta_reward.report.status_text import render_headline
from meta_reward.run.config import load_run_config
from meta_reward.run.events import END, HINT, ITERATION, Event, EventLog
from meta_reward.run.hints import add_hint
from meta_reward.run.integrity import restore_record
from meta_reward.run.layout import Layout
from meta_reward.run.lock import locked
from meta_reward.run.record import load_iterations
from meta_reward.run.stop_reason import Stop, save_stop
from meta_reward.search.context import Search
from meta_reward.search.create import keep_instructions, raise_limits
from meta_reward.search.listeners import Handler, listening
from meta_reward.search.loop import run_search
from meta_reward.search.notify import Notifier
from meta_reward.search.open import make_search, task_set_of
from meta_reward.search.track import MlflowTracker
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.use.objective import under_objective


@dataclass(frozen=True, slots=True)
class Said:
    """What the user says of this start of a search."""

    instructions: str | None
    """For an agent, in place of the run's."""
    hint: str | None
    notify: str | None
    track: str | None

    def handlers(self, layout: Layout) -> dict[str, Handler]:
        """Who is told of events, by what a message calls them."""
        found: dict[str, Handler] = {}
        if self.notify:
            found["the command of --notify"] = Notifier(self.notify, layout.root.name)
        if self.track:
            found["tracking with MLflow"] = MlflowTracker(layout)
        return found


def go_on(
    layout: Layout,
    requested: Mapping[str, Any],
    tasks: AnyTaskSet,
    said: Said,
    drive: Callable[[Search], Awaitable[Stop]] = run_search,
) -> Stop:
    """Search from what is on disk, or drive the run otherwise. Returns why it stopped.

    requested: settings of this start; limits may be raised, the others must agree with the run's.
    """
    headline = partial(_headline, layout)
    with (
        locked(layout),
        shown(headline=headline) as progress,
        listening(said.handlers(layout), progress.note) as listeners,
    ):
        events = EventLog(layout.events, progress.note, [*listeners, _AfterIteration(progress.note, headline)])
        tasks = task_set_of(layout, load_run_config(layout.config), tasks)
        for note in restore_record(layout):
            events.note(note)
        raise_limits(layout, {**requested, "digest": tasks.digest}, notice=events.note)
        keep_instructions(layout, kind_of(tasks), said.instructions, notice=events.note)
        if said.hint is not None and add_hint(layout, said.hint, iteration=max(1, len(load_iterations(layout)))):
            events.add(HINT, f"hint for the proposer: {said.hint}", shown=False)
        ready = make_search(layout, tasks, progress, events)
        with _still_there(layout), save_stop(layout, tell=partial(_tell_end, events)) as stop:
            ending = run_interruptible(under_objective(ready, drive))
            stop(ending)
    return ending


@contextmanager
def _still_there(layout: Layout) -> Iterator[None]:
    """Turn an error into one that says so, if the reason is that the run's folder is gone."""
    try:
        yield
    except (MetaRewardError, OSError) as error:
        if layout.config.exists():
            raise
        what = f"{layout.root} was moved or removed while the search was running"
        raise UsageError(what, hint="put it back, and the same command continues") from error


def _headline(layout: Layout) -> str:
    """Where the search is, in one line; empty if it cannot be read, as when a file was changed by hand."""
    try:
        return render_headline(status_of(layout))
    except Exception:  # a display must not end what it shows
        return ""


@dataclass(frozen=True, slots=True)
class _AfterIteration:
    """Says where the search is after each iteration."""

    say: Callable[[str], None]
    headline: Callable[[], str]

    def __call__(self, event: Event) -> None:
        if event.event == ITERATION and (text := self.headline()):
            self.say(text)


def _tell_end(events: EventLog, how: Stop) -> None:
    text = f"the search {'was ' if how.state == 'interrupted' else ''}{how.state}: {how.reason}"
    events.add(END, text, shown=False, state=how.state, reason=how.reason)
