"""Copies of a task set for the searches of a study, each with the splits of the original."""

import random
from dataclasses import replace
from pathlib import Path

from meta_reward import files, folders
from meta_reward.kinds.reward import pairwise
from meta_reward.tasks.about import save_about
from meta_reward.tasks.base import AnyTaskSet, copy_content
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.splits import save_division, splits_of


def save_copy(taskset: AnyTaskSet, path: Path, *, coin: random.Random | None = None) -> None:
    """Write the task set of one search.

    coin: for a null world, decides which trajectory of each pair is preferred; None keeps the labels.
    """
    with folders.new_folder(path) as folder:
        copy_content(taskset, folder)
        save_about(folder, replace(taskset.about, name=path.name))
        save_division(folder, Division(splits_of(taskset), SplitShares()))
        if coin is not None:
            pairs = pairwise(taskset).pairs
            both = [(pair, replace(pair, preferred=pair.other, other=pair.preferred)) for pair in pairs]
            files.write_lines(folder / "pairs.jsonl", map(coin.choice, both))
