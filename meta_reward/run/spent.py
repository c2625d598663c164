"""What a run has used so far, added up from what is on disk."""

from meta_reward import files
from meta_reward.judge.gateway import Spent
from meta_reward.run.evaluations import journals_under_way
from meta_reward.run.layout import Layout


def spent_on_disk(layout: Layout) -> Spent:
    """What a run has used so far: nominal calls and tokens, and money, of finished and half-done evaluations."""
    spent = Spent()
    folders = [*layout.history.glob("candidates/*"), *layout.sealed.glob("*/*")]
    costs = [
        call
        for folder in folders
        if (folder / "calls.jsonl").exists()
        for call in files.load_lines(folder / "calls.jsonl")
    ]
    for journal, _, _ in journals_under_way(layout):
        costs += [call for item in files.iter_whole_lines(journal) for call in item["costs"]]
    for call in costs:
        spent.calls += 1
        spent.tokens += call["input_tokens"] + call["output_tokens"]
        spent.misses += not call["cached"]
        spent.cost_usd += 0.0 if call["cached"] else call["cost_usd"] or 0.0
    return spent
