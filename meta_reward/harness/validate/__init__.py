"""The validator: whether a program is a harness, before money is spent on it.

First it reads the source (size, syntax, interface, imports, duplicates, copied answers). Then it runs the
harness in the sandbox: on made-up trajectories, against judges that echo, refuse, or answer nonsense, nothing
or too much, and on a few trajectories of the search split in two orders. All findings are reported at once,
each with its line and how to fix it, for an agent to act on. A source is never parsed in this process: a child
of the inspector does that, within limits of memory and time.

    inspector, inspector_process    the client, and the process that forks a child for each source
    inspection                      what that child does, with
    source, parts                   imports and interface; which of the six parts there are
    duplicates                      whether it has been tried before
    literals, folding, cases, copied, dense   whether it carries answers of the cases it was shown, or packed data
    mixing                          one part put back to another harness's
    fixtures, probes, smoke_judge, behaviour  running it
    report                          findings and notes, and their JSON
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from meta_reward.harness.validate.cases import Cases, cases_of
from meta_reward.harness.validate.inspector import (
    INSPECTOR,
    Mixed,
    Unreadable,
    definitions,
    docstring,
    fingerprint,
    fingerprints,
    put_back,
)
from meta_reward.harness.validate.parts import PARTS, SIGNATURES
from meta_reward.harness.validate.report import (
    Finding,
    Report,
    bounded,
    findings_to_json,
    parse_findings,
    parse_report,
    report_to_json,
)
from meta_reward.harness.validate.source import INTERFACE, MAX_BYTES, size

if TYPE_CHECKING:
    from meta_reward.harness.sandbox import Sandbox

__all__ = [
    "INTERFACE",
    "MAX_BYTES",
    "PARTS",
    "SIGNATURES",
    "Cases",
    "Finding",
    "Mixed",
    "Report",
    "cases_of",
    "definitions",
    "docstring",
    "findings_to_json",
    "fingerprint",
    "fingerprints",
    "inspect_source",
    "parse_findings",
    "put_back",
    "report_to_json",
    "validate",
]

_RUN_ANYWAY = frozenset({"copied", "dense"})  # so that other findings are reported at once
_PLAINLY = "write constants as they are, and keep expressions small and flat"


async def validate(
    source: str,
    *,
    sandbox: "Sandbox",
    known: Mapping[str, str] | None = None,
    packages: Collection[str] = (),
    cases: Cases | None = None,
) -> Report:
    """Everything that the validator finds.

    known: ids of earlier candidates by fingerprint. packages: what may be imported besides the
    standard library. cases: the search split, against which copied answers are checked.
    """
    import asyncio  # both are slow to import, and the inspector, which imports this package, needs neither

    from meta_reward.harness.validate.behaviour import behaviour

    report = await asyncio.to_thread(inspect_source, source, known=known, packages=packages, cases=cases)
    if any(finding.check not in _RUN_ANYWAY for finding in report.findings):
        return report
    shown = await behaviour(source, sandbox, cases.sample if cases else ())
    return replace(
        report,
        findings=bounded([*report.findings, *shown.findings]),
        notes=bounded([*report.notes, *shown.notes]),
        seconds=shown.seconds,
    )


def inspect_source(
    source: str,
    *,
    known: Mapping[str, str] | None = None,
    packages: Collection[str] = (),
    cases: Cases | None = None,
) -> Report:
    """What the validator finds by reading the source, without running it."""
    too_long = tuple(size(source))
    if too_long:
        return Report(too_long, ())
    try:
        found = INSPECTOR.ask("inspect", source, cases=cases, known=dict(known or {}), packages=list(packages))
    except Unreadable as error:
        return Report(bounded([Finding("limits", str(error), _PLAINLY)]), ())
    return parse_report(found)
