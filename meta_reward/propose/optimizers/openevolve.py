"""OpenEvolve, through its own package: MAP-Elites on islands, and the prompt and the diffs that it works with.

Its database is filled from the record, a program at a time; its sampler then draws parent and inspirations, and its
templates make the prompt. The nth candidate lives on island n modulo their number, so that nothing but the record is
needed. Its evaluator, which would run programs, is left out. Tried with openevolve 0.4.0.
"""

import random
from typing import Any

from openevolve.config import Config
from openevolve.database import Program, ProgramDatabase
from openevolve.prompt.sampler import PromptSampler
from openevolve.utils.code_utils import apply_diff_blocks, extract_diffs

from meta_reward.harness.validate import MAX_BYTES
from meta_reward.propose.optimizers.evidence import Tried
from meta_reward.propose.optimizers.session import Ask, Task, Written

_SHOWN = 3


def propose(task: Task, ask: Ask) -> list[Written]:
    """The next programs, each a diff to one that the database drew. Raises what asking raises."""
    config = _config(task)
    database, tried = _database(task, config), {one.id: one for one in task.tried}
    found: dict[str, str] = {}
    while len(found) < task.candidates:
        slot = len(task.tried) + len(found)
        island = slot % config.database.num_islands
        parent, inspirations = database.sample_from_island(island, config.prompt.num_diverse_programs)
        prompt = _prompt(task, config, database, parent, inspirations, _artifacts(tried[parent.id]))
        code, applied = apply_diff_blocks(parent.code, extract_diffs(ask(prompt["user"], prompt["system"])))
        if applied and code != parent.code and len(code) <= config.max_code_length:
            found.setdefault(code, parent.id)
    return [Written(code, [parent]) for code, parent in found.items()]


def _config(task: Task) -> Config:
    """The package's defaults, but for what it is about."""
    config = Config(language="python", max_code_length=MAX_BYTES)
    config.prompt.system_message = f"{task.instructions}\n\n{task.interface}"
    config.database.log_prompts = False
    return config


def _database(task: Task, config: Config) -> ProgramDatabase:
    database, generations = ProgramDatabase(config.database), dict[str, int]()
    random.seed(f"{task.seed} {task.iteration}")  # the package draws from the generator that all share
    for number, one in enumerate(task.tried):
        parent = one.row.parents[0] if one.row and one.row.parents else None
        generations[one.id] = generations[parent] + 1 if parent else 0
        database.add(
            Program(
                id=one.id,
                code=one.source,
                language="python",
                parent_id=parent,
                generation=generations[one.id],
                metrics={"combined_score": one.score},
            ),
            iteration=one.row.iteration if one.row else 0,
            target_island=number % config.database.num_islands if parent else None,
        )
    return database


def _prompt(
    task: Task, config: Config, database: ProgramDatabase, parent: Any, inspirations: list[Any], artifacts: Any
) -> dict[str, str]:
    """The package's prompt, of what its own loop takes for it."""
    island = database.islands[parent.metadata.get("island", 0)]
    best = sorted((database.programs[id] for id in sorted(island)), key=lambda one: -one.metrics["combined_score"])
    top = config.prompt.num_top_programs
    prompt: dict[str, str] = PromptSampler(config.prompt).build_prompt(
        current_program=parent.code,
        parent_program=parent.code,
        program_metrics=parent.metrics,
        previous_programs=[one.to_dict() for one in best[:top]],
        top_programs=[one.to_dict() for one in best[: top + config.prompt.num_diverse_programs]],
        inspirations=[one.to_dict() for one in inspirations],
        language="python",
        evolution_round=task.iteration,
        program_artifacts=artifacts,
        feature_dimensions=config.database.feature_dimensions,
    )
    return prompt


def _artifacts(parent: Tried) -> dict[str, str]:
    """What the package shows of a program's last evaluation: a few pairs that it lost."""
    lost = list(parent.lost())[:_SHOWN] or [""]
    return {f"pair {n}": "\n".join(f"{k}: {v}" for k, v in parent.feedback(x).items()) for n, x in enumerate(lost, 1)}
