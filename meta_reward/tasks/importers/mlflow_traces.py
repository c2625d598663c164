"""MLflow traces with assessments: `{info, data: {spans}}`, as `Trace.to_json()` and `mlflow traces search` write them.

A task is the root span's input. The label is the value of a feedback, or of a named expectation. Assessments by people
take precedence over those by judges, and each person is an annotator. `mlflow_spans.py` turns spans into messages.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers.fields import as_object, chosen_score, number_of, task_of, text_field, value_at, word
from meta_reward.tasks.importers.mlflow_spans import asked_of, run_of_spans
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows

_VALUES = {"yes": 1.0, "no": 0.0}


def recognizes(row: dict[str, Any]) -> bool:
    first = row["traces"][0] if isinstance(row.get("traces"), list) and row["traces"] else row
    info = first.get("info") if isinstance(first, dict) else None
    return isinstance(info, dict) and bool({"trace_id", "request_id"} & set(info)) and "data" in first


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(_voted(path, options), partial(_record, options=options))


def _voted(path: Path, options: Options) -> Iterator[tuple[Place, Any]]:
    """Each trace once for each vote on it."""
    for place, row in _traces(path):
        try:
            votes = [] if isinstance(row, RowError) else _votes(place, as_object(row), options.label_key)
        except RowError as error:
            row, votes = error, []
        yield from ((place, (row, vote)) for vote in votes or [(None, None)])


def _traces(path: Path) -> Iterator[tuple[Place, Any]]:
    for place, row in iter_rows(path):
        if isinstance(row, dict) and isinstance(row.get("traces"), list):
            yield from ((Place(path, f"trace {number}"), trace) for number, trace in enumerate(row["traces"], 1))
        else:
            yield place, row


def _record(place: Place, row: Any, options: Options) -> Record:
    trace, (annotator, value) = row
    if isinstance(trace, RowError):
        raise trace
    info, spans = as_object(trace.get("info")), value_at(trace, "data.spans")
    task = task_of(trace, options.task_key) if options.task_key else asked_of(spans)
    label = number_of(_VALUES.get(word(value), value), options.label_key or "assessments")
    id = text_field(info, "trace_id") or text_field(info, "request_id")  # its name before version 3
    return Record(place, run_of_spans(spans), task, label, id, annotator=None if label is None else annotator)


def _votes(place: Place, trace: dict[str, Any], key: str | None) -> list[tuple[str | None, Any]]:
    """Who, if a person, said what last, in the assessment that `key` names or the only feedback that can be a label."""
    given = value_at(trace, "info.assessments") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise RowError("info, assessments", f"is {brief(given)}, not a list of assessments")
    found: dict[str, dict[str | None, Any]] = {}
    for one in sorted(given, key=lambda one: word(one.get("last_update_time"))):
        if one.get("valid") is False:
            continue
        name, is_feedback = word(one.get("assessment_name")), "feedback" in one
        value = value_at(one, "feedback.value" if is_feedback else "expectation.value")
        if name == key or (is_feedback and not key and _is_label(value)):
            person = value_at(one, "source.source_type") == "HUMAN"
            found.setdefault(name, {})[word(value_at(one, "source.source_id")) if person else None] = value
    if key and key not in found:
        return [(None, value_at(trace, key))]
    votes = chosen_score(found, trace, key, place=place) or {}
    return list({who: value for who, value in votes.items() if who}.items() or votes.items())


def _is_label(value: Any) -> bool:
    return isinstance(value, int | float) or word(value) in _VALUES
