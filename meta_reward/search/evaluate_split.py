"""Evaluate candidates on a split of a run. Results are journalled one by one, and saved when a candidate is done."""

import asyncio
from collections.abc import Callable, Sequence

from meta_reward import files
from meta_reward.evaluation.evaluate import evaluate, run_together
from meta_reward.evaluation.outcome import Part
from meta_reward.evaluation.records import Result
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.base import Outcomes, part_for
from meta_reward.run.evaluations import journal_result, load_scores, open_journal, save_evaluation, save_sealed_outcomes
from meta_reward.run.events import EVALUATION
from meta_reward.search.context import Search, SoFar, so_far
from meta_reward.search.objective import LEARNED_REWARD, Objective, is_learned, learned_outcomes
from meta_reward.search.objective import NAME as REWARDS
from meta_reward.search.open import open_sandbox


async def run_splits(
    search: Search,
    folders: Sequence[str],
    split: str,
    *,
    repeat: int = 0,
    on_done: Callable[[str], None] = lambda folder: None,
) -> None:
    """Evaluate the candidates that are not evaluated on this split yet, all in one pool.

    repeat: each number draws the judge's replies anew and has its own folders. on_done: called with the folder of each
    candidate as soon as its evaluation is complete. Raises LimitReached and JudgeUnavailable.
    """
    slots = asyncio.Semaphore(search.gateway.concurrency)
    place = search.layout.repeated(split, repeat)
    waiting = [folder for folder in folders if not _is_complete(search, folder, place)]
    if not waiting:
        return

    async def run(folder: str, sandbox: Sandbox) -> None:
        await _run_split(search, folder, split, sandbox, slots, repeat)
        on_done(folder)

    async with await open_sandbox(search.config) as sandbox:
        await run_together(run(folder, sandbox) for folder in waiting)


def _is_complete(search: Search, folder: str, split: str) -> bool:
    """Whether a candidate is evaluated on a split. If so, a journal that a kill left behind is removed."""
    complete = load_scores(search.layout.evaluation(split, folder)) is not None
    if complete:
        search.layout.journal(split, folder).unlink(missing_ok=True)
    return complete


async def _run_split(
    search: Search, folder: str, split: str, sandbox: Sandbox, slots: asyncio.Semaphore, repeat: int
) -> None:
    layout, config, place = search.layout, search.config, search.layout.repeated(split, repeat)
    source = files.read_text(layout.candidate(folder) / "harness.py")
    part = part_for(search.kind, search.part(split), source)
    journal = layout.journal(place, folder)
    results = open_journal(journal)
    search.progress.evaluation(folder, place, len(part.examples), _so_far(search, part, split))
    search.events.add(
        EVALUATION,
        f"{folder} on {place}: {len(results)} of {len(part.examples)} {search.kind.words.examples}",
        shown=False,
        candidate=folder,
        split=place,
        done=len(results),
        trajectories=len(part.examples),
    )
    for result in results.values():
        search.progress.result(folder, result)

    def keep(result: Result) -> None:
        journal_result(journal, result)
        search.progress.result(folder, result)

    evaluation = await evaluate(
        source,
        part.examples,
        gateway=search.gateway,
        sandbox=sandbox,
        hosts=search.kind.hosts(search.taskset),
        seed=config.seed,
        repeat=repeat,
        finished=results,
        give_up=split == "search",  # evaluations that decide or are reported are always completed
        slots=slots,
        on_result=keep,
    )
    target, sealed = layout.evaluation(place, folder), split != "search"
    found: Outcomes | None = None
    if is_learned(config.objective, split):
        found, lines = await learned_outcomes(_objective_of(search), search.taskset, part, evaluation)
        files.write_bytes(target / REWARDS, lines)
        save_sealed_outcomes(layout.official(place, folder), evaluation, part, search.taskset)
    save_evaluation(target, evaluation, part, search.taskset, judge=config.judge.spec, sealed=sealed, found=found)
    journal.unlink(missing_ok=True)


def _so_far(search: Search, part: Part, split: str) -> SoFar:
    """The score to show while it runs: none under a learned reward, which is known only at the end."""
    if is_learned(search.config.objective, split):
        return SoFar(LEARNED_REWARD, lambda results: None)
    return so_far(search.taskset, part)


def _objective_of(search: Search) -> Objective:
    assert search.objective is not None, "a run under a learned reward is opened with it"
    return search.objective
