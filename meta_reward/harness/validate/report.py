"""The validator's report on a harness: findings, for which it is refused, notes, and its parts.

Everything in it is bounded in number and size, safe to print on a terminal, and the same on every machine, except
`seconds`, which is shown to people and never written to a run.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.files import printable

MAX_FINDINGS = 20
_MAX_CHARS = 600
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
_LINES = str.maketrans({"\n": "\\n", "\t": " "})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing."""

    check: str
    """A stable identifier of the check."""
    message: str
    hint: str
    line: int | None = None
    """The line from 1; None for the whole file."""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.message} ({self.hint})"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a validation."""

    findings: tuple[Finding, ...]
    """Why the harness is refused."""
    parts: tuple[str, ...]
    """Which of the six parts it has."""
    notes: tuple[Finding, ...] = ()
    """Remarks that are no reason to refuse it."""
    separable: bool = False
    defined: tuple[str, ...] = ()
    """The optional functions of its interface that it defines."""
    seconds: float | None = None
    """Seconds that the longest run in the sandbox took; None if nothing was run."""

    @property
    def ok(self) -> bool:
        return not self.findings


def bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without repetitions, at most MAX_FINDINGS and a count of the rest, each short and printable."""
    every = list(dict.fromkeys(_short(finding) for finding in findings))
    if len(every) <= MAX_FINDINGS:
        return tuple(every)
    return (*every[:MAX_FINDINGS], Finding("more", f"{len(every) - MAX_FINDINGS} more findings", "fix these first"))


def steady(text: str) -> str:
    """A text without memory addresses, which differ from process to process."""
    return _ADDRESS.sub("0x...", text)


def report_to_json(report: Report) -> dict[str, object]:
    """The contents of `validator.json`."""
    return {
        "schema": 1,
        "ok": report.ok,
        "findings": findings_to_json(report.findings),
        "notes": findings_to_json(report.notes),
        "parts": list(report.parts),
        "separable": report.separable,
        **({"defined": list(report.defined)} if report.defined else {}),
    }


def parse_report(data: Mapping[str, Any]) -> Report:
    """A report from the output of `report_to_json`."""
    findings, notes = parse_findings(data["findings"]), parse_findings(data["notes"])
    parts, defined = tuple(data["parts"]), tuple(data.get("defined", ()))
    return Report(findings, parts, notes, separable=data["separable"], defined=defined)


def findings_to_json(findings: Iterable[Finding]) -> list[object]:
    """The JSON of findings."""
    return [{"check": f.check, "line": f.line, "message": f.message, "hint": f.hint} for f in findings]


def parse_findings(data: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Findings from the output of `findings_to_json`."""
    return tuple(Finding(**each) for each in data)


def _short(finding: Finding) -> Finding:
    message = printable(steady(finding.message).translate(_LINES).encode(errors="backslashreplace").decode())
    if len(message) > _MAX_CHARS:
        message = f"{message[:_MAX_CHARS]} ..."
    return Finding(finding.check, message, finding.hint, finding.line)
