"""The validator: whether a program is a harness, before anything is spent on it.

First what reading the source shows (size, syntax, interface, imports, duplicates, copied answers),
then runs in the sandbox on trajectories of no task set, against judges that echo, refuse, or answer
nonsense, nothing or too much, and on a few trajectories of the search split in two orders. All
findings are reported at once, each with its line and how to mend it, for an agent to act on.

    source, parts       what reading shows; which of the six parts there are
    duplicates          whether it has been tried before
    literals, cases, copied     whether it carries answers of the cases it was shown
    fixtures, behaviour     what running it shows
    report              findings, notes, and how they are written down
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import source as reading
from meta_reward.harness.validate.behaviour import behaviour
from meta_reward.harness.validate.cases import Cases, cases_of
from meta_reward.harness.validate.copied import copied
from meta_reward.harness.validate.duplicates import fingerprint
from meta_reward.harness.validate.parts import PARTS, SIGNATURES, notes_on_parts, parts_of
from meta_reward.harness.validate.report import Finding, Report, bounded, report_to_json
from meta_reward.harness.validate.source import INTERFACE, MAX_BYTES

__all__ = [
    "INTERFACE",
    "MAX_BYTES",
    "PARTS",
    "SIGNATURES",
    "Cases",
    "Finding",
    "Report",
    "cases_of",
    "fingerprint",
    "inspect_source",
    "report_to_json",
    "validate",
]

_RUN_ALL_THE_SAME = frozenset({"copied"})  # what else is wrong with it can be said at once


async def validate(
    source: str,
    *,
    sandbox: Sandbox,
    known: Mapping[str, str] | None = None,
    packages: Collection[str] = (),
    cases: Cases | None = None,
) -> Report:
    """Everything the validator can find.

    known: ids of earlier candidates by fingerprint. packages: what may be imported besides the
    standard library. cases: the search split; without it, nothing can be found to be copied from it.
    """
    report = inspect_source(source, known=known, packages=packages, cases=cases)
    if any(finding.check not in _RUN_ALL_THE_SAME for finding in report.findings):
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
    """What reading the source alone shows."""
    too_long = tuple(reading.size(source))
    if too_long:
        return Report(too_long, ())
    try:
        tree = reading.parse(source)
    except SyntaxError as error:
        return Report(bounded([Finding("syntax", f"does not parse: {error.msg}", "mend the syntax", error.lineno)]), ())
    findings = [
        *reading.interface(tree),
        *reading.imports(tree, packages),
        *reading.characters(source),
        *(copied(tree, cases) if cases else ()),
    ]
    twin = (known or {}).get(fingerprint(source))
    if twin:
        findings.append(Finding("duplicate", f"duplicate of {twin}", "change what the harness does, or leave it out"))
    parts = parts_of(tree)
    return Report(bounded(findings), parts, bounded(notes_on_parts(tree)), separable=parts == PARTS)
