"""What a person sees while a search or an evaluation runs: a live line on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meta_reward.evaluation.records import Result
from meta_reward.files import printable
from meta_reward.search.context import Progress, SoFar

if TYPE_CHECKING:
    import rich.progress

_PLAIN_EVERY_S = 20.0
_HEADLINE_EVERY_S = 2.0
_MOST_OFTEN = 30  # so that it takes at most a thirtieth of the time


@contextmanager
def shown(*, quiet: bool = False, headline: Callable[[], str] = lambda: "") -> Iterator[Progress]:
    """A live line for each evaluation if standard error is a terminal, else plain lines.

    quiet: notes alone. headline: what stands above the live lines, asked for every few seconds.
    """
    if quiet:
        yield _Silent()
    elif not sys.stderr.isatty():
        yield _Plain()
    else:
        import rich.console
        import rich.progress
        import rich.text

        above = _Remembered(headline)

        class Bars(rich.progress.Progress):
            def get_renderables(self) -> "Iterator[rich.console.RenderableType]":
                if text := above():
                    yield rich.text.Text(text)
                yield self.make_tasks_table(self.tasks)

        with Bars(
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(bar_width=20),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TextColumn("{task.fields[figures]}"),
            rich.progress.TimeRemainingColumn(),
            console=rich.console.Console(stderr=True),
            transient=True,
        ) as bar:
            yield _Live(bar)


class _Remembered:
    """A text that is rendered again only every few seconds, or less often if rendering is slow."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make, self._text, self._next = make, "", 0.0

    def __call__(self) -> str:
        if (began := time.monotonic()) >= self._next:
            self._text = self._make()
            took = time.monotonic() - began
            self._next = began + max(_HEADLINE_EVERY_S, took * _MOST_OFTEN)
        return self._text


class _Tally:
    """The score and the judge calls of an evaluation, from the results so far."""

    def __init__(self, title: str, total: int, so_far: SoFar) -> None:
        self.title, self.total, self.told = title, total, time.monotonic()
        self._so_far = so_far
        self._results: dict[str, Result] = {}
        self.calls = 0

    @property
    def done(self) -> int:
        return len(self._results)

    def add(self, result: Result) -> None:
        self._results[result.example] = result
        self.calls += len(result.calls)

    def figures(self) -> str:
        mean = self._so_far.of(self._results)
        return f"{self._so_far.metric} {'-' if mean is None else f'{mean:.1%}'}, {self.calls} judge calls"


class _Silent:
    """Prints only notes, beside standard output that a program reads."""

    def evaluation(self, what: str, split: str, total: int, so_far: SoFar) -> None:
        pass

    def result(self, what: str, result: Result) -> None:
        pass

    def note(self, text: str) -> None:
        _print_note(text)


class _Plain:
    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}

    def evaluation(self, what: str, split: str, total: int, so_far: SoFar) -> None:
        self._tallies[what] = _Tally(f"{printable(what)} on {split}", total, so_far)

    def result(self, what: str, result: Result) -> None:
        tally = self._tallies[what]
        tally.add(result)
        if time.monotonic() - tally.told > _PLAIN_EVERY_S:
            tally.told = time.monotonic()
            self.note(f"{tally.title}: {tally.done} of {tally.total}, {tally.figures()}")

    def note(self, text: str) -> None:
        _print_note(text)


class _Live:
    def __init__(self, bar: "rich.progress.Progress") -> None:
        self._bar = bar
        self._lines: dict[str, tuple[_Tally, rich.progress.TaskID]] = {}

    def evaluation(self, what: str, split: str, total: int, so_far: SoFar) -> None:
        for name, (tally, line) in list(self._lines.items()):
            if name == what or tally.done == tally.total:
                self._bar.remove_task(line)
                del self._lines[name]
        tally = _Tally(f"{printable(what)} on {split}", total, so_far)
        line = self._bar.add_task(tally.title.replace("[", "\\["), total=total, figures="")
        self._lines[what] = tally, line

    def result(self, what: str, result: Result) -> None:
        tally, line = self._lines[what]
        tally.add(result)
        self._bar.update(line, advance=1, figures=tally.figures())

    def note(self, text: str) -> None:
        self._bar.console.print(printable(text), markup=False, highlight=False)


def _print_note(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)
