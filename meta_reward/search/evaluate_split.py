"""A candidate on a split of a run: journalled result by result, written whole when it is complete."""

from typing import Any

from meta_reward import files
from meta_reward.evaluation.evaluate import Result, evaluate
from meta_reward.run.evaluations import journal_result, load_scores, open_journal, save_evaluation
from meta_reward.search.context import Search, open_sandbox


async def run_split(setup: Search, folder: str, split: str) -> dict[str, Any]:
    """The scores of a candidate on a split: those on disk, else by finishing its evaluation."""
    layout, config = setup.layout, setup.config
    target = layout.evaluation(split, folder)
    scores = load_scores(target)
    if scores is not None:
        layout.journal(split, folder).unlink(missing_ok=True)
        return scores
    source = files.read_text(layout.candidate(folder) / "harness.py")
    rollouts, pairs = setup.taskset.part(setup.splits[split])
    journal = layout.journal(split, folder)
    results = open_journal(journal)
    setup.progress.evaluation(folder, split, len(rollouts), pairs)
    for result in results.values():
        setup.progress.result(result)

    def keep(result: Result) -> None:
        journal_result(journal, result)
        setup.progress.result(result)

    async with await open_sandbox(config) as sandbox:
        evaluation = await evaluate(
            source,
            rollouts,
            gateway=setup.gateway,
            sandbox=sandbox,
            seed=config.seed,
            finished=results,
            give_up=split == "search",  # what decides or is reported is measured whole
            on_result=keep,
        )
    save_evaluation(target, evaluation, rollouts, pairs, judge=config.judge.spec, seed=config.seed)
    journal.unlink(missing_ok=True)
    return load_scores(target) or {}
