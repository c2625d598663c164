"""OpenEvolve, through its own package: MAP-Elites on islands, with the package's own prompts and diffs.

Its database is filled from the record, one program at a time. Its sampler then draws a parent and inspirations, and its
templates make the prompt. The nth candidate is on island n modulo the number of islands, so only the record is needed.
Its evaluator, which would run programs, is not used. Tried with openevolve 0.4.0.
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
    """The next programs, each a diff to one that the database drew. Raises as `Writer.ask`."""
    config = Config(language="python", max_code_length=MAX_BYTES)  # otherwise the package's defaults
    config.prompt.system_message = f"{task.instructions}\n\n{task.interface}"
    config.database.log_prompts = False
    database, found = _database(task, config), dict[str, str]()
    while len(found) < task.candidates:
        island = (len(task.tried) + len(found)) % config.database.num_islands
        parent, inspirations = database.sample_from_island(island, config.prompt.num_diverse_programs)
        tried = next(one for one in task.tried if one.source == parent.code)  # by source: a migrant gets a new id
        prompt = _prompt(task, config, database, parent, inspirations, tried)
        code, applied = apply_diff_blocks(parent.code, extract_diffs(ask(prompt["user"], prompt["system"])))
        if applied and code != parent.code and len(code) <= config.max_code_length:
            found.setdefault(code, tried.id)
    return [Written(code, [parent]) for code, parent in found.items()]


def _database(task: Task, config: Config) -> ProgramDatabase:
    database, generations = ProgramDatabase(config.database), dict[str, int]()
    random.seed(f"{task.seed} {task.iteration}")  # the package draws from the module's global generator
    for number, one in enumerate(task.tried):
        parent = one.row.parents[0] if one.row and one.row.parents else ""
        generations[one.id] = generations.get(parent, -1) + 1
        metrics = {"combined_score": one.score}
        program = Program(one.id, one.source, parent_id=parent or None, generation=generations[one.id], metrics=metrics)
        island = number % config.database.num_islands if parent else None
        database.add(program, iteration=one.row.iteration if one.row else 0, target_island=island)
        if parent:
            database.increment_island_generation(island)
            if database.should_migrate():
                database.migrate_programs()
    return database


def _prompt(
    task: Task, config: Config, database: ProgramDatabase, parent: Any, inspirations: list[Any], tried: Tried
) -> dict[str, str]:
    """The package's prompt, made as in its own loop. As artifacts of the evaluation it shows some lost pairs."""
    island = database.islands[parent.metadata.get("island", 0)]
    best = sorted((database.programs[id] for id in sorted(island)), key=lambda one: -one.metrics["combined_score"])
    shown, top = [one.to_dict() for one in best], config.prompt.num_top_programs
    told = [tried.feedback(pair) for pair in [*tried.lost(), ""][:_SHOWN]]
    prompt: dict[str, str] = PromptSampler(config.prompt).build_prompt(
        current_program=parent.code,
        parent_program=parent.code,
        program_metrics=parent.metrics,
        previous_programs=shown[:top],
        top_programs=shown[: top + config.prompt.num_diverse_programs],
        inspirations=[one.to_dict() for one in inspirations],
        evolution_round=task.iteration,
        program_artifacts={f"pair {n}": "\n".join(map(": ".join, x.items())) for n, x in enumerate(told, 1)},
        feature_dimensions=config.database.feature_dimensions,
    )
    return prompt
