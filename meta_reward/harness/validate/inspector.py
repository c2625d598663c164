"""The client of the inspector: no candidate's source is parsed or evaluated in the process of a search.

There is one inspector per process, started when first needed and again if it has died. A question takes a few
milliseconds, and questions are answered one at a time. `inspector_process.py` is the other side.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from meta_reward.errors import MetaRewardError
from meta_reward.harness.validate.cases import Cases, cases_to_json
from meta_reward.harness.validate.source import MAX_BYTES, size

_PROCESS = "meta_reward.harness.validate.inspector_process"
_PACKAGE_PARENT = Path(__file__).parents[3]
_PATIENCE_S = 30.0  # for the inspector to start, and to answer once its child has ended
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that reading one source may take."""

    memory_mb: int = 256
    """Memory on top of what the inspector itself uses."""
    cpu_s: float = 10.0
    wall_s: float = 60.0
    """Wall time; generous, so that processor time decides even on a busy machine."""


class Unreadable(SyntaxError):
    """A source that cannot be read within the inspector's limits. The message continues "this harness ..."."""


class Inspector:
    """The client of the process that reads sources. Any thread may ask."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._cases: Cases | None = None  # what the process holds
        self._turn = threading.Lock()
        self._stopping = False

    def ask(self, do: str, source: str, *, cases: Cases | None = None, **more: Any) -> Any:
        """The inspector's answer. Raises SyntaxError if the source does not parse, Unreadable beyond the limits."""
        with self._turn:
            for _ in range(_TRIES):
                try:
                    self._start()
                    if cases is not None:
                        self._give(cases)
                    answer = self._exchange({"do": do, "source": source, "compare": cases is not None, **more})
                    break
                except (OSError, EOFError):
                    self._stop()
                    if self._stopping:
                        raise MetaRewardError("the inspector of sources was stopped") from None
                except BaseException:  # an interrupt: the late answer must not be taken for that to the next question
                    self._stop()
                    raise
            else:
                raise Unreadable("ends the inspector, twice")
        if "machine" in answer:
            raise MetaRewardError(f"sources cannot be read on this machine: {answer['machine']}")
        if "exceeded" in answer:
            raise Unreadable(answer["exceeded"])
        if "syntax" in answer:
            raise SyntaxError(answer["syntax"])
        return answer["value"]

    def stop(self) -> None:
        """End the process, even in the middle of a question. The next question starts another."""
        self._stopping, process = True, self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        with self._turn:
            self._stop()
            self._stopping = False

    @property
    def pid(self) -> int | None:
        """The process id, None before it was first started."""
        return self._process.pid if self._process else None

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._stop()
        flags = ["-P", "-s", *(["-B"] if sys.dont_write_bytecode else [])]
        self._process = _popen(
            [sys.executable, *flags, "-m", _PROCESS, json.dumps(asdict(self.limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": str(_PACKAGE_PARENT), "LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,  # Ctrl-C is for this process to handle
        )
        try:
            self._hear()
        except EOFError:
            words = self._last_words()
            self._stop()
            raise MetaRewardError(f"the inspector of sources does not start: {words}") from None

    def _give(self, cases: Cases) -> None:
        """Send the cases that sources are compared with, unless it has them already."""
        if cases is not self._cases:
            self._exchange({"do": "cases", "cases": cases_to_json(cases)})
            self._cases = cases

    def _exchange(self, request: Mapping[str, object]) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        """The next answer. Raises EOFError if the process has died, or was killed for not answering."""
        assert self._process is not None
        assert self._process.stdout is not None
        watch = threading.Timer(self.limits.wall_s + _PATIENCE_S, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        assert self._process is not None
        _, words = self._process.communicate()
        return words.decode(errors="replace").strip().rpartition("\n")[2] or "it left no message"

    def _stop(self) -> None:
        process, self._process, self._cases = self._process, None, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # together with a child that may be running
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):  # unsent data
                stream.close()  # type: ignore[union-attr]


INSPECTOR = Inspector()
atexit.register(INSPECTOR.stop)


def _popen(command: list[str], **how: Any) -> subprocess.Popen[bytes]:
    """Start a process. Raises MetaRewardError if this machine cannot, which is not the source's fault."""
    try:
        return subprocess.Popen(command, **how)
    except OSError as error:
        raise MetaRewardError(f"the inspector of sources does not start: {error}") from None


def fingerprint(source: str) -> str:
    """The fingerprint of a harness, computed once per process. Raises SyntaxError if it cannot be parsed."""
    found, problem = _fingerprint(source)
    if problem:
        raise SyntaxError(problem)
    return found


@cache
def _fingerprint(source: str) -> tuple[str, str]:
    try:
        return str(_ask("fingerprint", source)), ""
    except Unreadable:  # not cached: it may have been the machine's fault
        raise
    except SyntaxError as error:
        return "", f"{error}"


def fingerprints(programs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names of programs by fingerprint, without those that do not parse. programs: source and name of each."""
    found = {}
    for source, name in programs:
        with suppress(SyntaxError):
            found[fingerprint(source)] = name
    return found


def docstring(source: str) -> str:
    """A module's docstring; empty if there is none. Raises SyntaxError."""
    return str(_ask("docstring", source))


def definitions(source: str) -> dict[str, str]:
    """A digest of the definition of each top-level name. Raises SyntaxError."""
    return dict(_ask("definitions", source))


def literals(source: str, wanted: Collection[str]) -> dict[str, Any]:
    """`doc`, the module's docstring; `values` of those wanted names that are literals; `defined`, all names at the top
    level. Raises SyntaxError."""
    return dict(_ask("literals", source, wanted=list(wanted)))


@dataclass(frozen=True, slots=True)
class Mixed:
    """The result of replacing one part of a harness by another's: one of these three."""

    source: str | None = None
    """The program."""
    same: bool = False
    """Both have the same part."""
    reason: str = ""
    """Why the part cannot be replaced."""


def put_back(source: str, other: str, part: str) -> Mixed:
    """Replace a part of a harness by that of another one. Raises SyntaxError."""
    return Mixed(**_ask("put_back", source, other=other, part=part))


def _ask(do: str, source: str, **more: Any) -> Any:
    if any(size(source)):
        raise SyntaxError(f"larger than {MAX_BYTES // 1024} KB")
    return INSPECTOR.ask(do, source, **more)
