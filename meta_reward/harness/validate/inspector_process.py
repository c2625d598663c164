"""The inspector: a process that reads candidates' sources, each in a forked child with limits.

    python -P -s -m meta_reward.harness.validate.inspector_process LIMITS_JSON

Started by `inspector.py`. Requests come as lines of JSON on stdin, answers go out as lines of JSON on
stdout: `value`, `syntax` (the source does not parse) or `exceeded` (it cannot be read within the limits).
The process itself parses no candidate's source, so any damage ends with the child, and the next source gets a fresh
child. The process has no keys, because its environment is empty.
"""

import contextlib
import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any

from meta_reward.harness.validate import inspection
from meta_reward.harness.validate.cases import Cases, parse_cases
from meta_reward.harness.validate.inspector import Limits

_OUT_OF_MEMORY = 70
_REHEARSED = "T = {'a': 1}\nasync def reward(trajectory, judge):\n    return f'{T}' + 'b' * 2\n"
_ASKED = {"packages": [], "known": {}, "required": ["reward"], "optional": [], "has_parts": True}


def main() -> None:
    """Answer requests until stdin ends."""
    limits = Limits(**json.loads(sys.argv[1]))
    os.environ.clear()
    inspection.answer({"do": "inspect", "source": _REHEARSED, **_ASKED}, None)
    cases: Cases | None = None
    gc.freeze()
    _say({"value": "ready"})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request["do"] == "cases":
            cases = parse_cases(request["cases"])
            cases.phrases()  # computed once here, not in every child
            gc.freeze()
            _say({"value": None})
        else:
            _say(_in_child(request, cases if request["compare"] else None, limits))


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


def _in_child(request: Mapping[str, Any], cases: Cases | None, limits: Limits) -> Any:
    """The answer of a forked child, or why there is none."""
    out, into = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:  # not the source's fault
        return {"machine": str(error)}
    if pid == 0:
        _be_the_child(into, request, cases, limits)
    os.close(into)
    with open(out, "rb") as pipe:  # noqa: PTH123
        data = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0:
        return json.loads(data)
    if code == -signal.SIGKILL:  # as the kernel does when memory is short: let the client ask once more
        sys.exit("a child was killed")
    return {"exceeded": _reason(code, limits)}


def _be_the_child(into: int, request: Mapping[str, Any], cases: Cases | None, limits: Limits) -> None:
    """Write the answer to a pipe and exit."""
    code = 1
    try:
        _limit(limits)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # nobody reads the parser's warnings
        with open(into, "wb") as pipe:
            pipe.write(json.dumps(_answer(request, cases)).encode())
        code = 0
    except MemoryError:
        code = _OUT_OF_MEMORY
    finally:
        os._exit(code)


def _answer(request: Mapping[str, Any], cases: Cases | None) -> Mapping[str, object]:
    try:
        return {"value": inspection.answer(request, cases)}
    except SyntaxError as error:
        return {"syntax": error.msg}
    except MemoryError:
        raise
    except Exception as error:  # an unforeseen failure counts against the source
        return {"exceeded": f"cannot be read: {type(error).__name__}: {error}"}


def _limit(limits: Limits) -> None:
    """Set timers whose signals end the process, even in the middle of C code, and limit its memory."""
    signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:  # noqa: PTH123  # Linux alone has both
        memory = int(file.read().split()[0]) * resource.getpagesize() + limits.memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _reason(code: int, limits: Limits) -> str:
    if code == _OUT_OF_MEMORY:
        return f"takes more than {limits.memory_mb} MB of memory to read, or is nested too deeply"
    if code == -signal.SIGPROF:
        return f"takes more than {limits.cpu_s:g} s to read"
    if code == -signal.SIGALRM:
        return f"takes more than {limits.cpu_s:g} s to read, or {limits.wall_s:g} s on a busy machine"
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"crashes what reads it ({how})"


if __name__ == "__main__":
    main()
