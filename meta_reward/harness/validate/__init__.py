"""The validator: checks whether a program is valid for its kind, before money is spent on it.

First it reads the source (size, syntax, interface, imports, duplicates, copied answers). Then it runs the program in
the sandbox: on made-up inputs, against models that echo, refuse, or answer nonsense, nothing or too much, and on a few
inputs of the search split in two orders. All findings are reported at once, each with its line and how to fix it, for
an agent to act on. A source is never parsed in this process: a child of the inspector does that, within limits of
memory and time.

    inspector, inspector_process    the client, and the process that forks a child for each source
    inspection                      what that child does, with these modules:
    source, parts                   imports and interface; which of the six parts there are
    duplicates                      whether it has been tried before
    literals, folding, cases, copied, dense   whether it has copied answers from the cases it was shown, or packed data
    mixing                          replaces one part by another harness's
    program                         what a kind of program must look like
    fixtures, probes, smoke_judge, behaviour  running it
    report                          findings and notes, and their JSON
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from meta_reward.harness.validate.cases import Cases, Place, cases_in_texts, cases_of
from meta_reward.harness.validate.fixtures import COMPARE, REWARD, chain_of_several
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
from meta_reward.harness.validate.program import Chain, Program, Step
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
    "COMPARE",
    "INTERFACE",
    "MAX_BYTES",
    "PARTS",
    "REWARD",
    "SIGNATURES",
    "Cases",
    "Chain",
    "Finding",
    "Mixed",
    "Place",
    "Program",
    "Report",
    "Step",
    "cases_in_texts",
    "cases_of",
    "chain_of_several",
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
    program: Program = REWARD,
) -> Report:
    """Validate a program; the report has everything that was found.

    known: ids of earlier candidates by fingerprint. packages: what may be imported besides the standard library. cases:
    of the search split, to look for copied answers. program: what a program of this kind must look like.
    """
    import asyncio  # both are slow to import, and the inspector, which imports this package, needs neither

    from meta_reward.harness.validate.behaviour import behaviour

    report = await asyncio.to_thread(
        inspect_source, source, known=known, packages=packages, cases=cases, program=program
    )
    if any(finding.check not in _RUN_ANYWAY for finding in report.findings):
        return report
    sample = cases.sample if cases else ()
    shown = await behaviour(source, sandbox, sample, program=program, defined=report.defined)
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
    program: Program = REWARD,
) -> Report:
    """The part of the validation that only reads the source and does not run it."""
    too_long = tuple(size(source))
    if too_long:
        return Report(too_long, ())
    try:
        asked = {
            "known": dict(known or {}),
            "packages": list(packages),
            "required": program.required,
            "optional": program.optional,
            "has_parts": program.has_parts,
        }
        found = INSPECTOR.ask("inspect", source, cases=cases, **asked)
    except Unreadable as error:
        return Report(bounded([Finding("limits", str(error), _PLAINLY)]), ())
    return parse_report(found)
