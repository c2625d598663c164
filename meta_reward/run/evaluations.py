"""The files of an evaluation, and the journal from which an interrupted one resumes.

    scores.json             the metrics; written last, so if it exists, all other files do
    pairs.jsonl             one line per pair; for other kinds items.jsonl, one line per item
    traces/<example>.json   every call in full, then the output or the error, and what was printed
    traces.jsonl.gz         the same on a sealed split, one line per example: nobody greps there
    calls.jsonl             one line per call: what it took

A kind may add files, such as what a program has learned.

The journal has one line per finished result. A torn last line counts as not written.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.metrics import Metrics, PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome, Outcome, Part
from meta_reward.evaluation.records import (
    REWARD,
    CallCost,
    Evaluation,
    Failure,
    Result,
    parse_call_record,
    record_to_json,
)
from meta_reward.harness.entries import ENTRIES, Output
from meta_reward.kinds.base import Outcomes
from meta_reward.kinds.registry import kind_of
from meta_reward.records import parse_record
from meta_reward.run.layout import Layout
from meta_reward.run.trace_file import names_of, render_trace
from meta_reward.tasks.base import AnyTaskSet

SCHEMA = 2
_PAIRS, _ITEMS = "pairs.jsonl", "items.jsonl"
_NAMES = {"trajectory", "example"}
_NAMES_OF_PAIRS = {"items": "pairs", "examples": "trajectories"}
"""The names of these metrics in files if items are pairs."""
_GROUPED = ("by_category", "by_task")
OTHER_VERSION = "another version of meta-reward wrote it, or it was changed: restore it from git"


@dataclass(frozen=True, slots=True)
class Scores:
    """The content of `scores.json`; there, the metrics are on the same level as the other fields."""

    judge: str
    broken: bool
    """Whether the candidate failed on most of its first examples, so that it was not run on the rest."""
    not_run: list[str]
    """The examples it was not run on."""
    metrics: Metrics


def open_journal(path: Path) -> dict[str, Result]:
    """The finished results of an evaluation, by example. A torn last line is removed, so more can be appended."""
    with files.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    files.repair_journal(path)
    with files.reading(path):
        return {result.example: result for result in map(_parse_result, files.iter_whole_lines(path))}


def _parse_result(data: dict[str, Any]) -> Result:
    output, error = data["output"], data["error"]
    return Result(
        data["example"],
        data["task"],
        None if output is None else ENTRIES[data["entry"]].parse(output),
        None if error is None else Failure(**error),
        [parse_call_record(call) for call in data["calls"]],
        [CallCost(**cost) for cost in data["costs"]],
        data["printed"],
        data["entry"],
        data["asked"],
    )


def load_costs(layout: Layout) -> Iterator[CallCost]:
    """What each call of a run took, in finished and unfinished evaluations."""
    for folder in finished_evaluations(layout):
        lines = files.load_lines(folder / "calls.jsonl")
        with files.reading(folder / "calls.jsonl"):
            yield from [CallCost(**{name: x[name] for name in x if name not in _NAMES}) for x in lines]
    yield from costs_under_way(layout)


def finished_evaluations(layout: Layout) -> list[Path]:
    """The folders of all finished evaluations of a run."""
    folders = (*layout.history.glob("candidates/*"), *layout.sealed.glob("*/*"))
    return [folder for folder in folders if (folder / "scores.json").exists()]


def costs_under_way(layout: Layout) -> Iterator[CallCost]:
    """What each call took in unfinished evaluations."""
    for journal, _, _ in journals_under_way(layout):
        with files.reading(journal):
            yield from [CallCost(**cost) for item in files.iter_whole_lines(journal) for cost in item["costs"]]


def journals_under_way(layout: Layout) -> list[tuple[Path, str, str]]:
    """The journals of unfinished evaluations: (path, candidate's folder, split) of each."""
    found = [(path, *path.stem.rpartition("-")[::2]) for path in sorted(layout.journals.glob("*.jsonl"))]
    return [item for item in found if not (layout.evaluation(item[2], item[1]) / "scores.json").exists()]


def journal_result(path: Path, result: Result) -> None:
    """Append a finished result to a journal."""
    files.append_line(path, result, new_folder=False)


def save_evaluation(
    folder: Path,
    evaluation: Evaluation,
    part: Part,
    taskset: AnyTaskSet,
    *,
    judge: str,
    sealed: bool = False,
    found: Outcomes | None = None,
) -> Scores:
    """Write the files of an evaluation into a folder, `scores.json` last. Returns the content of `scores.json`.

    sealed: whether to pack the traces into one file. found: the outcome of each item, if not the kind's own.
    """
    kind = kind_of(taskset)
    if found is None:
        found = kind.outcomes(taskset, part, evaluation)
    else:
        evaluation = kind.ungraded(evaluation)
    metrics = kind.metrics(taskset, part, evaluation, found)
    told = kind.told(evaluation)
    if sealed:
        lines = b"".join(files.dump_line(render_trace(result)) for result in told)
        files.write_bytes(folder / "traces.jsonl.gz", gzip.compress(lines, 6, mtime=0))
    else:
        for result in told:
            files.write_json(folder / "traces" / f"{result.example}.json", render_trace(result))
    for name, content in kind.artefacts(part, evaluation).items():
        files.write_bytes(folder / name, content)
    files.write_lines(folder / (_PAIRS if kind.name == REWARD else _ITEMS), (asdict(one) for one in found))
    calls = ((result, cost) for result in evaluation.results for cost in result.costs)
    lines_of_calls = ({names_of(one.entry)[0]: one.example, **record_to_json(cost)} for one, cost in calls)
    files.write_lines(folder / "calls.jsonl", lines_of_calls)
    scores = Scores(judge, evaluation.broken, list(evaluation.not_run), metrics)
    files.write_json(folder / "scores.json", scores_to_json(scores))
    return scores


def save_sealed_outcomes(folder: Path, evaluation: Evaluation, part: Part, taskset: AnyTaskSet) -> None:
    """Store the trusted outcomes of an evaluation that a learned reward scores."""
    found = kind_of(taskset).outcomes(taskset, part, evaluation)
    files.write_lines(folder / _ITEMS, (asdict(one) for one in found))


def scores_to_json(scores: Scores) -> dict[str, object]:
    """Scores in the form of `scores.json`; for rewards, the numbers about pairs are on the same level as the others."""
    metrics = asdict(scores.metrics)
    preferences, told = metrics.pop("preferences"), {name: metrics.pop(name) for name in ("context", "comparisons")}
    names = _NAMES_OF_PAIRS if preferences else {}
    for groups in (metrics["by_category"], metrics["by_task"]):
        for name in groups:
            groups[name] = _renamed(groups[name], names)
    about = {"judge": scores.judge, "broken": scores.broken, "not_run": scores.not_run}
    more = preferences or {name: value for name, value in told.items() if value}
    return {"schema": SCHEMA, **about, **_renamed(metrics, names), **more}


def _renamed(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def load_scores(folder: Path) -> Scores | None:
    """The scores of an evaluation, None if it is not finished. Raises DataError if the file is damaged."""
    path = folder / "scores.json"
    if not path.exists():
        return None
    return parse_scores(files.load_json(path), path)


def required_scores(folder: Path) -> Scores:
    """The scores of an evaluation that is on record as finished. Raises DataError if they are missing or damaged."""
    scores = load_scores(folder)
    if scores is None:
        raise DataError(folder / "scores.json", "is missing", hint="restore it from git")
    return scores


def parse_scores(data: Any, path: Path) -> Scores:
    """Scores from the content of a `scores.json`. Raises DataError if it is damaged."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise DataError(path, f"is not a score file of schema {SCHEMA}", hint=OTHER_VERSION)
    try:
        return parse_record(Scores, {**data, "metrics": _metrics_of(data)})
    except (AttributeError, TypeError):
        raise DataError(path, "lacks a score, or one is damaged", hint="restore it from git") from None


def _metrics_of(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of `Metrics` from the content of `scores.json`, where numbers about pairs are among the others."""
    if "pairs" not in data:
        return data
    names = {there: ours for ours, there in _NAMES_OF_PAIRS.items()}
    groups = {name: {key: _renamed(group, names) for key, group in data[name].items()} for name in _GROUPED}
    return {**_renamed(data, names), **groups, "preferences": data}


def load_rewards(folder: Path) -> dict[str, float | None]:
    """The reward of each trajectory in a finished evaluation, from its traces. Raises DataError if one is damaged."""
    rewards = {}
    for path, trace in _traces(folder):
        with files.reading(path):
            reward = trace["reward"]
            rewards[trace["trajectory"]] = None if reward is None else float(reward["score"])
    return rewards


def _traces(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each trace in its stored form, with its path; the split may be sealed or not."""
    packed = folder / "traces.jsonl.gz"
    if packed.exists():
        try:
            lines = gzip.decompress(packed.read_bytes()).splitlines()
        except (OSError, EOFError, zlib.error):
            raise DataError(packed, "is damaged", hint="restore it from git") from None
        yield from ((packed, files.parse_json(line, packed)) for line in lines)
    else:
        yield from ((path, files.load_json(path)) for path in sorted((folder / "traces").glob("*.json")))


def load_pairs(folder: Path) -> list[PairOutcome]:
    """The pairs of a finished evaluation, with their rewards."""
    rows = files.load_lines(folder / _PAIRS)
    with files.reading(folder / _PAIRS):
        return [PairOutcome(**{**row, "categories": tuple(row["categories"])}) for row in rows]


def load_items(folder: Path) -> list[PairOutcome] | list[ItemOutcome]:
    """The items of a finished evaluation: pairs with their rewards, or items of other kinds with their answers."""
    if not (folder / _ITEMS).exists():
        return load_pairs(folder)
    rows = files.load_lines(folder / _ITEMS)
    with files.reading(folder / _ITEMS):
        return [ItemOutcome(**{**row, "categories": tuple(row["categories"])}) for row in rows]


def items_file(folder: Path) -> Path:
    """The file with the items of an evaluation."""
    items = folder / _ITEMS
    return items if items.exists() else folder / _PAIRS


def has_items(folder: Path) -> bool:
    """Whether this folder has the items of an evaluation."""
    return items_file(folder).exists()


def load_outputs(folder: Path) -> dict[str, Output | None]:
    """What a program returned on each example of a finished evaluation, from its traces; None if it failed."""
    outputs = {}
    for path, trace in _traces(folder):
        entry = trace.get("entry", REWARD)
        example, output = names_of(entry)
        with files.reading(path):
            value = trace[output]
            text = files.as_text(value) if isinstance(value, list) else value
            outputs[trace[example]] = None if value is None else ENTRIES[entry].parse(_with_texts(text))
    return outputs


def _with_texts(value: Any) -> Any:
    """An output in JSON form, with lists of lines joined into texts."""
    return {**value, "reason": files.as_text(value["reason"])} if isinstance(value, dict) else value


def load_outcomes(folder: Path) -> list[Outcome]:
    """The outcome of each item in a finished evaluation."""
    return [one.outcome for one in load_items(folder)]
