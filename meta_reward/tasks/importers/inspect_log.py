"""Inspect AI logs: `{eval, samples[]}` as JSON, or `.eval` files, which the extra `inspect` reads.

A task is named after a sample's id and a digest of its input, because different evals reuse ids; epochs are its runs.
The label is the score: C is 1, P is 0.5, I and N are 0. Targets, answers and explanations are not imported.
Samples that ended in an error of the eval are skipped.
"""

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers import fields
from meta_reward.tasks.importers.fields import as_object, number_of, text_field
from meta_reward.tasks.importers.inspect_samples import as_openai, iter_samples
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, parse_each

_VALUES = {"C": 1, "P": 0.5, "I": 0, "N": 0, "yes": 1, "no": 0}


def recognizes(row: dict[str, Any]) -> bool:
    return isinstance(row.get("eval"), dict) and ("samples" in row or "plan" in row)


def read(path: Path, options: Options) -> Iterator[Item]:
    rows = ((Place(path, f"sample {number}"), sample) for number, sample in enumerate(iter_samples(path), 1))
    return parse_each(rows, partial(_record, options=options))


def _record(place: Place, row: Any, options: Options) -> Record:
    sample = as_object(row)
    if sample.get("error"):
        raise RowError("", "ended in an error of the eval", skip=True)
    id, messages = text_field(sample, "id") or "sample", sample.get("messages")
    run = {"messages": [as_openai(m) for m in messages] if isinstance(messages, list) else messages}
    score = fields.chosen_score(_scores(sample), sample, options.label_key, place=place)
    return Record(
        place,
        fields.run_of({**run, "tools": _tools(sample.get("events"))}, keep_unparsed=True),
        fields.task_of(sample, options.task_key) if options.task_key else fields.request_name(id, sample.get("input")),
        _label(score, options.label_key or "scores"),
        text_field(sample, "uuid") or f"{id}-{text_field(sample, 'epoch')}",
    )


def _scores(sample: dict[str, Any]) -> dict[str, Any]:
    """The values of all scorers; a scorer with several values gives `scorer.value`."""
    found: dict[str, Any] = {}
    for name, score in as_object(sample.get("scores") or {}).items():
        value = score.get("value") if isinstance(score, dict) else score
        found |= {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
    return found


def _label(score: Any, field: str) -> float | None:
    unscored = isinstance(score, float) and math.isnan(score)
    return None if unscored else number_of(_VALUES.get(fields.word(score), score), field)


def _tools(events: Any) -> Any:
    """The tools that the model was offered, if the log has them."""
    offered = (event.get("tools") for event in events if isinstance(event, dict)) if isinstance(events, list) else ()
    return next((tools for tools in offered if tools), None)
