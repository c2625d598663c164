"""The validator: whether a program is a harness, before anything is spent on it.

First what reading the source shows (size, syntax, interface, imports, duplicates), then a smoke run
in the sandbox on a small trajectory, against a judge that echoes and one that answers nonsense. All
findings are reported at once, each with its line and how to mend it, for an agent to act on. A
harness may refuse a reply it cannot read by raising ValueError; every other failure is a finding.
"""

import ast
import hashlib
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.completion import Backend
from meta_reward.errors import CandidateError
from meta_reward.files import printable
from meta_reward.harness.child import SOURCE_NAME
from meta_reward.harness.sandbox import Sandbox
from meta_reward.judge.gateway import Gateway
from meta_reward.judge.probes import EchoJudge, NonsenseJudge
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory, trajectory_to_json

MAX_BYTES = 64 * 1024
MAX_FINDINGS = 20
PARTS = ("view", "context", "checks", "rubric", "decide", "score")
INTERFACE = "meta_reward.harness"
# Standard library that makes no sense where there are no files, processes, network or terminal.
_SENSELESS = frozenset(
    """antigravity atexit code codeop concurrent ctypes curses dbm ensurepip fcntl ftplib getpass glob http idlelib
    imaplib importlib logging mailbox mmap multiprocessing nis nntplib os pathlib pdb pickle poplib posix pty pwd
    readline resource runpy sched select selectors shelve shutil signal site smtplib socket socketserver sqlite3 ssl
    subprocess syslog telnetlib tempfile termios threading tkinter tty turtle urllib venv webbrowser xmlrpc zipimport
    _posixsubprocess _socket _thread""".split()
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. check: a stable word; line: from 1, None where there is none."""

    check: str
    message: str
    hint: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.message} ({self.hint})"


@dataclass(frozen=True, slots=True)
class Report:
    """What the validator found. parts: which of the six parts are top-level functions."""

    findings: tuple[Finding, ...]
    parts: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


async def validate(source: str, *, sandbox: Sandbox, known: Mapping[str, str] | None = None) -> Report:
    """Everything the validator can find. known: ids of earlier candidates by fingerprint."""
    report = inspect_source(source, known=known)
    if not report.ok:
        return report
    findings = [finding for judge in (EchoJudge(), NonsenseJudge()) async for finding in _smoke(source, sandbox, judge)]
    return Report(tuple(dict.fromkeys(findings)), report.parts)


def inspect_source(source: str, *, known: Mapping[str, str] | None = None) -> Report:
    """What reading the source alone shows."""
    if len(source.encode(errors="replace")) > MAX_BYTES:
        return Report((Finding("size", f"is larger than {MAX_BYTES // 1024} KB", "shorten it"),), ())
    try:
        tree = _parsed(source)
    except SyntaxError as error:
        return Report((Finding("syntax", f"does not parse: {error.msg}", "mend the syntax", error.lineno),), ())
    findings = [*_interface(tree), *_imports(tree), *_control_characters(source), *_duplicate(source, known or {})]
    if len(findings) > MAX_FINDINGS:
        more = Finding("more", f"{len(findings) - MAX_FINDINGS} more findings", "mend these first")
        findings = [*findings[:MAX_FINDINGS], more]
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    return Report(tuple(findings), tuple(part for part in PARTS if part in functions))


def fingerprint(source: str) -> str:
    """The same for two programs that differ in formatting, comments, and docstrings that nobody reads.

    The docstring of any other function may be that of a tool, which the judge reads.
    """
    tree = _parsed(source)
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in (tree, *(function for function in functions if function.name in (*PARTS, "reward"))):
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def report_to_json(report: Report) -> dict[str, Any]:
    """The content of `validator.json`."""
    findings = [{"check": f.check, "line": f.line, "message": f.message, "hint": f.hint} for f in report.findings]
    return {"schema": 1, "ok": report.ok, "findings": findings, "parts": list(report.parts)}


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
            ast.dump(tree)
            return tree
        except (ValueError, RecursionError, MemoryError, UnicodeError) as error:
            raise SyntaxError(f"cannot be parsed: {error}") from None


def _interface(tree: ast.Module) -> Iterator[Finding]:
    wanted = "define `async def reward(trajectory, judge)` at the top level"
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == "reward"]
    if not functions:
        yield Finding("interface", "has no function `reward`", wanted)
        return
    function = functions[-1]
    if isinstance(function, ast.FunctionDef):
        yield Finding("interface", "`reward` is not async", wanted, function.lineno)
    arguments = function.args
    given = len(arguments.posonlyargs) + len(arguments.args)
    if given - len(arguments.defaults) > 2 or (given < 2 and not arguments.vararg):
        yield Finding("interface", "`reward` does not take two arguments", wanted, function.lineno)


def _imports(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            continue
        for name in names:
            if name != INTERFACE and not _is_sensible(name.partition(".")[0]):
                hint = f"use the standard library's pure parts and {INTERFACE}"
                yield Finding("imports", f"imports {name!r}, which a harness cannot use", hint, node.lineno)


def _is_sensible(module: str) -> bool:
    return module in sys.stdlib_module_names and module not in _SENSELESS


def _control_characters(source: str) -> Iterator[Finding]:
    for number, line in enumerate(source.split("\n"), 1):
        if printable(line) != line:
            yield Finding("characters", "holds a control character", "write it as an escape, such as \\x1b", number)


def _duplicate(source: str, known: Mapping[str, str]) -> Iterator[Finding]:
    twin = known.get(fingerprint(source))
    if twin:
        yield Finding("duplicate", f"duplicate of {twin}", "change what the harness does, or leave it out")


async def _smoke(source: str, sandbox: Sandbox, judge: Backend) -> Any:
    """Findings of one run on the fixture trajectory."""
    session = Gateway(judge, cache=None).session("fixture")
    try:
        await sandbox.score(source, trajectory_to_json(FIXTURE), session.ask)
    except CandidateError as error:
        if error.kind == "ValueError" and error.traceback:
            return
        line = _last_line(error.traceback)
        against = f"against a judge that answers {'its prompt' if isinstance(judge, EchoJudge) else 'nonsense'}"
        hint = "read replies with care: return 0 to 100, or raise ValueError where a reply cannot be read"
        yield Finding("smoke", f"fails {against}: {error}", hint, line)


def _last_line(traceback: str) -> int | None:
    lines = re.findall(rf'(?m)^  File "{SOURCE_NAME}", line ([0-9]+)', traceback)
    return int(lines[-1]) if lines else None


FIXTURE = Trajectory(
    policy="Desk policy. Change an order only after the customer has agreed. Refuse refunds after 30 days.",
    tools=(
        Tool("get_order", "Look up an order.", {"type": "object", "properties": {"order_id": {"type": "string"}}}),
        Tool("update_order", "Change an order.", {"type": "object", "properties": {"order_id": {"type": "string"}}}),
    ),
    messages=(
        Message("user", "Please change the colour of order 1234 to blue."),
        Message("assistant", "", (ToolCall("1", "get_order", {"order_id": "1234"}),)),
        Message("tool", '{"order_id": "1234", "colour": "red", "status": "pending"}', tool_call_id="1"),
        Message("assistant", "Order 1234 is red and pending. Shall I change it to blue?"),
        Message("user", "Yes, please."),
        Message("assistant", "", (ToolCall("2", "update_order", {"order_id": "1234", "colour": "blue"}),)),
        Message("tool", "Error: try again", tool_call_id="2", is_error=True),
        Message("assistant", "", (ToolCall("3", "update_order", {"order_id": "1234", "colour": "blue"}),)),
        Message("tool", '{"order_id": "1234", "colour": "blue"}', tool_call_id="3"),
        Message("assistant", "Done: your order is now blue."),
        Message("user", "Thanks!"),
    ),
)
"""A trajectory of no task set, for smoke runs."""
