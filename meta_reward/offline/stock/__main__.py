"""Bring the next programs of the stock into the current folder; prints which."""

import os
import random
import sys
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError, MetaRewardError

FOLDER = Path(__file__).parent
_PROPOSAL = """\
---
parents: []
part: stock
---

## Hypothesis

{why}

## Evidence

None. This program is from a stock that was written before any search; simulated, it stands in for a proposer. It was
drawn, and looked at nothing in the history.

## Expected effect

Unknown: some programs of the stock help, some do nothing, and some do harm.
"""


def main() -> int:
    """Bring programs as the environment asks. Returns the exit code."""
    setting = os.environ.get
    try:
        bring(
            setting("META_REWARD_KIND", ""),
            Path(setting("META_REWARD_HISTORY", "../history")),
            Path.cwd(),
            count=int(setting("META_REWARD_CANDIDATES", "2")),
            iteration=int(setting("META_REWARD_ITERATION", "1")),
            seed=int(setting("META_REWARD_SEED", "0")),
        )
    except (MetaRewardError, ValueError) as error:
        print(f"stock: {error}")
        return 1
    return 0


def bring(kind: str, history: Path, staging: Path, *, count: int, iteration: int, seed: int) -> None:
    """Write the next `count` programs that the history does not have into `staging`; fewer where no more are left.

    A history may be cut so short that it shows no program of the stock: then those of the earlier iterations are
    left out.
    """
    tried = {files.read_text(path) for path in (history / "candidates").glob("*/harness.py")}
    order = in_order(kind, seed)
    left = [path for path in order if files.read_text(path) not in tried]
    if len(left) == len(order):
        left = order[(iteration - 1) * count :]
    print(f"the stock of kind {kind} has {len(left)} programs that this run has not seen; simulated")
    for path in left[:count]:
        save(path, staging / path.stem.replace("_", "-"))
        print(f"brought {path.stem}")


def in_order(kind: str, seed: int) -> list[Path]:
    """The programs for a kind, in the order in which they come. Raises DataError for a kind without any."""
    paths = sorted((FOLDER / kind).glob("*.py")) if kind else []
    if not paths:
        raise DataError(FOLDER, f"has no programs for kind {kind or 'unknown'}")
    return random.Random(f"{seed}\nstock").sample(paths, len(paths))


def save(program: Path, folder: Path) -> None:
    """Write a program and what it says of itself into a folder."""
    source = files.read_text(program)
    files.write_bytes(folder / "harness.py", source.encode())
    files.write_bytes(folder / "proposal.md", _PROPOSAL.format(why=doc_of(source)).encode())


def doc_of(source: str) -> str:
    """What a program of the stock says of itself: its docstring."""
    return source.split('"""')[1].strip()


if __name__ == "__main__":
    sys.exit(main())
