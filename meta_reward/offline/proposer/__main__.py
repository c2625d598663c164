"""Run the catalog proposer in the current folder; prints what it looked at and what it chose."""

import os
import sys
from pathlib import Path

from meta_reward.errors import MetaRewardError
from meta_reward.offline.proposer.choose import choose
from meta_reward.offline.proposer.history import load_history
from meta_reward.offline.proposer.proposal import answered, save_choice


def main() -> int:
    """Propose as the environment asks. Returns the exit code."""
    setting = os.environ.get
    try:
        propose(
            Path(setting("META_REWARD_HISTORY", "../history")),
            Path.cwd(),
            count=int(setting("META_REWARD_CANDIDATES", "2")),
            iteration=int(setting("META_REWARD_ITERATION", "1")),
            seed=int(setting("META_REWARD_SEED", "0")),
        )
    except (MetaRewardError, ValueError) as error:
        print(f"catalog: {error}")
        return 1
    return 0


def propose(path: Path, staging: Path, *, count: int, iteration: int, seed: int) -> None:
    """Write up to `count` candidates into `staging`, from the history at `path`."""
    history = load_history(path)
    scored = [c for c in history.candidates if c.score is not None]
    print(f"read ledger.jsonl: {len(history.candidates)} candidates, {len(scored)} scored")
    written = 0
    for choice in choose(history, count=count, iteration=iteration, seed=seed):
        folder = save_choice(staging, choice)
        written += 1
        parent, diagnosis = choice.idea.parent, choice.diagnosis
        print(f"{folder.name}: from {parent.id} {parent.name} at {parent.score:.3f}")
        print(f"  read {parent.path('pairs.jsonl')}: {diagnosis.lost} of {diagnosis.pairs} lost or tied, and traces")
        for symptom in answered(choice):
            print(f"  {symptom.name}: {symptom.lost} of {symptom.of_lost} lost, {symptom.won} of {symptom.of_won} won")
    if written < count:
        print(f"{written} of {count}: nothing else near the good candidates is new")


if __name__ == "__main__":
    sys.exit(main())
