"""`study ablate`: what each of the six parts of the chosen harness is worth.

One part at a time is replaced by the baseline's. The mixed program is validated like any candidate, then evaluated on
the split and compared with the chosen harness, pair by pair. A part that cannot be replaced is reported as such.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome, difference, mean_interval
from meta_reward.evaluation.statistics import Interval
from meta_reward.harness.validate import PARTS, put_back, validate
from meta_reward.search.context import search_cases
from meta_reward.search.open import open_sandbox
from meta_reward.search.studies.finished import FinishedRun, is_simulated
from meta_reward.search.studies.folder import StudyFolder, Subject
from meta_reward.search.studies.measure import Bench, Job, Measured, openings_of

STUDY = "ablate"
MEASURED, SAME, NOT_SEPARABLE = "measured", "same", "not separable"
_BASELINE, _CHOSEN = "baseline", "chosen"


@dataclass(frozen=True, slots=True)
class Variant:
    """The chosen harness with one part replaced by the baseline's."""

    part: str
    source: str | None
    """None if there is nothing to measure."""
    status: str
    """`measured`, `same` if both harnesses have the same part, or `not separable`."""
    reason: str = ""
    """Why it is not separable."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A program on the split, compared with the chosen harness."""

    agreement: Interval
    difference: Interval | None
    """Its agreement minus that of the chosen harness, with its interval by task; None for the chosen one."""
    failures: int
    """Pairs without both rewards, which are lost."""
    judge_tokens: int


@dataclass(frozen=True, slots=True)
class AblatedPart:
    """A part, and the chosen harness without it."""

    part: str
    status: str
    reason: str
    without: Compared | None
    """None unless it was measured."""


@dataclass(frozen=True, slots=True)
class AblationTables:
    """The tables of the study."""

    run: str
    taskset: str
    split: str
    judge: str
    simulated: bool
    baseline_id: str
    chosen_id: str
    pairs: int
    baseline: Compared
    chosen: Compared
    parts: tuple[AblatedPart, ...]
    openings: dict[str, int]
    """By task set, how often its test split has been opened by now, if this study used it."""


def ablation_split(run: FinishedRun, asked: str | None) -> str:
    """The split to measure on: the one asked for, else test if this run has opened it, else validation.

    Raises UsageError if the baseline was chosen.
    """
    if run.baseline_stays:
        what = f"run {run.name} chose its baseline {run.baseline.id}, so there is nothing to ablate"
        raise UsageError(what, hint=f"`meta-reward study clusters {run.name}` says what the baseline loses")
    return asked or ("test" if run.has("test") else "validation")


def ablation_subject(run: FinishedRun, split: str) -> Subject:
    """What the study is about."""
    return Subject(STUDY, {"run": run.name, "split": split}, run.inputs)


async def variants_of(run: FinishedRun) -> list[Variant]:
    """The chosen harness with each part replaced in turn, validated; costs nothing."""
    sources = [program.source for program in run.programs]
    cases = search_cases(run.taskset, run.splits["search"], sources)
    found = []
    async with await open_sandbox(run.config) as sandbox:
        for part in PARTS:
            try:
                mixed = put_back(run.chosen.source, run.baseline.source, part)
            except SyntaxError as error:
                found.append(Variant(part, None, NOT_SEPARABLE, f"it cannot be read: {error}"))
                continue
            if mixed.source is None:
                found.append(Variant(part, None, SAME if mixed.same else NOT_SEPARABLE, mixed.reason))
                continue
            report = await validate(mixed.source, sandbox=sandbox, packages=run.config.packages, cases=cases)
            if report.ok:
                found.append(Variant(part, mixed.source, MEASURED))
            else:
                why = f"with the baseline's it does not validate: {report.findings[0]}"
                found.append(Variant(part, None, NOT_SEPARABLE, why))
    return found


def ablation_jobs(run: FinishedRun, split: str, variants: Sequence[Variant]) -> list[Job]:
    """The evaluations to make: of the baseline, the chosen harness, and each variant that has a source."""
    known = {_BASELINE: run.baseline, _CHOSEN: run.chosen}
    jobs = [
        Job(
            name=name,
            what=f"{name} {program.id}",
            source=program.source,
            config=run.config,
            taskset=run.taskset,
            split=split,
            known=run.evaluation(program, split) if run.has(split) else None,
        )
        for name, program in known.items()
    ]
    measured = [(variant.part, variant.source) for variant in variants if variant.source is not None]
    return jobs + [Job(part, f"without {part}", text, run.config, run.taskset, split) for part, text in measured]


async def ablate(bench: Bench, run: FinishedRun, split: str, variants: Sequence[Variant]) -> AblationTables:
    """Make the evaluations that are missing, and the tables. Raises as `Bench.run`."""
    jobs = ablation_jobs(run, split, variants)
    _write_down(bench.study, variants)
    found = await bench.run(jobs)
    chosen = found[_CHOSEN]
    return AblationTables(
        run=run.name,
        taskset=run.taskset.name,
        split=split,
        judge=run.config.judge.spec,
        simulated=is_simulated(run.config.judge.spec),
        baseline_id=run.baseline.id,
        chosen_id=run.chosen.id,
        pairs=len(chosen.pairs),
        baseline=_compared(found[_BASELINE], chosen),
        chosen=_compared(chosen, None),
        parts=tuple(_of_part(variant, found, chosen) for variant in variants),
        openings=openings_of(jobs),
    )


def _write_down(study: StudyFolder, variants: Sequence[Variant]) -> None:
    for variant in variants:
        if variant.source is not None:
            files.write_bytes(study.harness(f"without_{variant.part}"), variant.source.encode())


def _of_part(variant: Variant, found: Mapping[str, Measured], chosen: Measured) -> AblatedPart:
    without = _compared(found[variant.part], chosen) if variant.part in found else None
    return AblatedPart(variant.part, variant.status, variant.reason, without)


def _compared(measured: Measured, chosen: Measured | None) -> Compared:
    return Compared(
        mean_interval([pair.outcome for pair in measured.pairs]),
        paired_difference(chosen.pairs, measured.pairs) if chosen else None,
        measured.scores.metrics.failures,
        measured.scores.metrics.judge_tokens,
    )


def paired_difference(before: Sequence[PairOutcome], after: Sequence[PairOutcome]) -> Interval:
    """Agreement of the second minus that of the first, with its interval by task."""
    return difference([pair.outcome for pair in before], [pair.outcome for pair in after])
