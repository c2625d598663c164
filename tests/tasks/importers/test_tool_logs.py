"""Logs that other tools left: each run comes in as it went, with the task and the label that its tool gave it."""

import json
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError
from meta_reward.tasks.importers.collect import collect
from meta_reward.tasks.importers.detect import read_file
from meta_reward.tasks.importers.record import BadRows, Options, Problem, Record
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Message, Tool, ToolCall
from meta_reward.use.trajectories import Shared, read_trajectories
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.tasks.importers.test_damaged import FILES, SAID, ending

LOGS = Path(__file__).parent / "logs"
"""Written by the tools: runs of verifiers of the version in the name, and trials with the models of Harbor 0.25."""
ADD = ToolCall("1", "add", {"x": 1, "y": 1})


def records(path: Path, **options: Any) -> list[Record]:
    return collect([path], Options(**options)).records


def saved(path: Path, data: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1))
    return path


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def said(record: Record) -> list[tuple[str, str]]:
    return [(m.role, m.content) for m in record.run.messages]


FLAGS = {
    "atif": ("--task-key", "extra.case", "--label-key", "extra.score"),
    "claude-code": ("--labels", "labels.jsonl"),
}


@pytest.mark.parametrize("format", ["inspect", "claude-code", "atif", "verifiers", "mlflow"])
def test_flags_of_import_hold_for_a_log(meta_reward: MetaReward, here: Path, format: str) -> None:
    saved(here / "log.json", FILES[format])
    lines(here / "labels.jsonl", *({"id": f"s{n}", "label": n % 2, "task": f"t{n // 2}"} for n in range(8)))
    (here / "policy.md").write_text("Be brief.")
    (here / "tools.json").write_text('[{"name": "look"}]')
    instead = ("--policy", "policy.md", "--tools", "tools.json")
    words = ["import", "log.json", "--name", "x", *FLAGS.get(format, ()), *instead]
    first, again, apart = (
        meta_reward(*words, *more, "--json") for more in ((), ("--append",), ("--min-gap", "1", "--force"))
    )
    assert (first.code, again.code) == (0, 0), (first, again)
    assert json.loads(first.out)["pairs"]["all"] == json.loads(again.out)["pairs"]["all"] == 4
    assert (apart.code, "gives no pairs" in apart.err) == (1, True)
    runs = [rollout.trajectory for rollout in load_task_set(here / "tasks" / "x").rollouts.values()]
    assert [(run.policy, run.tools) for run in runs] == [("Be brief.", (Tool("look"),))] * 8


@pytest.mark.parametrize("format", ["inspect", "claude-code", "atif", "verifiers", "mlflow"])
def test_runs_of_a_log_are_scored_once_whatever_their_labels(format: str, tmp_path: Path) -> None:
    rows = FILES[format]
    if format == "mlflow":
        rows = [trace(vote("ok", True), vote("ok", False, who="bob"), vote("tone", 1))] * 8
    found = list(read_trajectories(saved(tmp_path / "x.json", rows), Shared()))
    assert (len(found), {row.problem for row in found}) == (8, {""})


@pytest.mark.parametrize("version", ["0.1.8", "0.1.14", "0.4.0"])
def test_rollouts_of_verifiers_come_in_with_their_rewards(version: str) -> None:
    found = records(LOGS / f"verifiers-{version}.jsonl")
    bad = next(record for record in found if record.label == 0)
    good = next(record for record in found if record.label == 1 and record.task == bad.task)
    assert good.run.policy == "Be kind."
    assert [m.role for m in good.run.messages] == ["user", "assistant", "tool", "assistant"]
    assert good.run.messages[1:] == (
        Message("assistant", "", (ADD,)), Message("tool", "2", (), "1"), Message("assistant", "2")
    )  # fmt: skip
    assert said(bad)[-1] == ("assistant", "3")
    assert [tool.name for tool in good.run.tools or ()] == ([] if version == "0.1.8" else ["add"])


def test_metric_of_verifiers_can_be_the_label() -> None:
    name = {"0.1.14": "num_turns", "0.4.0": "turns"}
    labels = [[r.label for r in records(LOGS / f"verifiers-{v}.jsonl", label_key=key)] for v, key in name.items()]
    assert labels == [[2, 2, 2], [2, 2]]


def test_agents_of_one_episode_are_told_apart_by_name(tmp_path: Path) -> None:
    episode = json.loads((LOGS / "verifiers-0.4.0.jsonl").read_text().splitlines()[0])
    solver, critic = ({**episode["traces"][0], "agent": {"name": name}} for name in ("solver", "critic"))
    both = lines(tmp_path / "traces.jsonl", {**episode, "traces": [solver, critic]}, {**episode, "traces": []})
    found = collect([both], Options())
    assert [str(r.task).rsplit("-", 1)[0] for r in found.records] == ["sums solver", "sums critic"]
    assert [str(problem) for problem in found.skipped] == [f"{both}, line 2: ended before an agent began"]


def test_rollouts_that_the_environment_broke_are_skipped(tmp_path: Path) -> None:
    good, broken = {"prompt": "q", "completion": "a", "reward": 1}, {"prompt": "q", "completion": [], "reward": 0}
    found = collect([lines(tmp_path / "x.jsonl", good, {**broken, "error": {"error": "SandboxError"}})], Options())
    assert ([said(r) for r in found.records], len(found.skipped)) == ([[("user", "q"), ("assistant", "a")]], 1)


def test_trajectory_of_a_harbor_trial_has_the_task_and_the_reward_of_its_trial() -> None:
    bad, good = (records(LOGS / "harbor" / f"hello__{n}" / "agent" / "trajectory.json")[0] for n in range(2))
    assert (bad.task, bad.label, bad.id) == ("hello-world", 0, "hello__0")
    assert (good.task, good.label, good.id) == ("hello-world", 1, "hello__1")
    assert good.run.tools == (Tool("bash", "d", {"type": "object"}),)
    assert good.run.messages == (
        Message("user", "Make hello.txt"),
        Message("assistant", "Let me.", (ToolCall("1", "bash", {"command": "echo"}),)),
        Message("tool", "ok", (), "1"),
        Message("assistant", "Done 1."),
    )


def test_trajectory_outside_a_trial_is_named_by_its_prompt(tmp_path: Path) -> None:
    [record] = records(saved(tmp_path / "x.json", FILES["atif"][0]), label_key="extra.score")
    assert (record.task, record.label, record.id) == ("q", 0, "s0")


def test_several_rewards_of_a_trial_want_a_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "t" / "agent" / "trajectory.json", FILES["atif"][0])
    rewards = {"style": 1, "tests": 0}
    saved(tmp_path / "t" / "result.json", {"task_name": "t", "verifier_result": {"rewards": rewards}})
    with pytest.raises(DataError, match=r"has several scores: style, tests \(name one with --label-key\)$"):
        records(path)
    assert [records(path, label_key=name)[0].label for name in rewards] == [1, 0]


def test_damaged_result_of_a_trial_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "t" / "agent" / "trajectory.json", FILES["atif"][0])
    (tmp_path / "t" / "result.json").write_text("{")
    with pytest.raises(DataError, match=r"t/result\.json, line 1: is not valid JSON"):
        records(path)


def test_scores_of_inspect_are_labels(tmp_path: Path) -> None:
    values = ["C", "I", "P", "N", 0.25, True, "0.5", "yes"]
    samples = [{**FILES["inspect"]["samples"][0], "scores": {"s": {"value": value}}} for value in values]
    path = saved(tmp_path / "x.json", {"eval": {}, "samples": samples})
    assert [record.label for record in records(path)] == [1, 0, 0.5, 0, 0.25, 1, 0.5, 1]


def test_sample_of_inspect_without_a_score_is_unlabelled_and_one_with_an_error_is_skipped(tmp_path: Path) -> None:
    first, *_ = FILES["inspect"]["samples"]
    unscored, broken = {**first, "scores": {"s": {"value": float("nan")}}}, {**first, "error": {"message": "oops"}}
    found = collect([saved(tmp_path / "x.json", {"eval": {}, "samples": [unscored, broken]})], Options())
    assert ([r.label for r in found.records], [p.what for p in found.skipped]) == (
        [None], ["ended in an error of the eval"]
    )  # fmt: skip


def test_several_scorers_of_inspect_want_a_name(tmp_path: Path) -> None:
    scores = {"match": {"value": "C"}, "rubric": {"value": {"tone": 3, "facts": 4}}}
    sample = {**FILES["inspect"]["samples"][0], "scores": scores, "metadata": {"case": "c7"}}
    path = saved(tmp_path / "x.json", {"eval": {}, "samples": [sample] * 3})
    with pytest.raises(DataError) as raised:
        records(path)
    told = "sample 1: has several scores: match, rubric.facts, rubric.tone (name one with --label-key)"
    assert str(raised.value) == f"{path}, {told}"
    keys = ["match", "rubric.tone", "other"]
    assert [records(path, label_key=key, task_key="metadata.case")[0].label for key in keys] == [1, 3, None]


def test_messages_of_inspect_keep_calls_failures_and_tools_of_the_provider(tmp_path: Path) -> None:
    [record, *_] = records(saved(tmp_path / "x.json", FILES["inspect"]))
    assert record.run.messages[1:5] == (
        Message("assistant", "", (ToolCall("1", "web", {"q": 1}),)),
        Message("tool", "r", (), "1"),
        Message("assistant", "", (ToolCall("2", "look", {"id": "A7"}),)),
        Message("tool", "no", (), "2", is_error=True),
    )


def test_eval_file_without_the_package_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "x.eval").write_bytes(b"PK")
    try:
        import inspect_ai  # noqa: F401
    except ImportError:
        with pytest.raises(DataError, match=r"needs the package inspect-ai \(pip install 'meta-reward\[inspect\]'\)$"):
            records(tmp_path / "x.eval")
    else:
        with pytest.raises(DataError, match=r"x\.eval: cannot be read by inspect-ai: \w+: "):
            records(tmp_path / "x.eval")


SESSION = {"sessionId": "s", "isSidechain": False, "gitBranch": "main"}


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": role, "message": {"role": role, "content": content}, **SESSION, **more}


def test_session_is_what_was_said_in_its_main_conversation(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "s.jsonl",
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s"},
        {"type": "summary", "summary": "Earlier", "leafUuid": "x"},
        turn("user", "Fix it."),
        turn("user", "Caveat: ...", isMeta=True),
        turn("assistant", [{"type": "text", "text": "sub"}], isSidechain=True),
        turn("assistant", [{"type": "text", "text": "API Error"}], isApiErrorMessage=True),
        {"type": "type-of-next-year", "sessionId": "s", "message": "?"},
        turn("assistant", [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Fixed."}]),
        turn("user", "This session is being continued ...", isCompactSummary=True),
    )
    [record] = records(path)
    assert (record.task, record.id, record.label, record.run.policy) == ("Fix it.", "s", None, None)
    assert said(record) == [("user", "Fix it."), ("assistant", "Fixed.")]
    assert records(path, task_key="gitBranch")[0].task == "main"


def test_branch_that_a_rewind_left_behind_is_left_out(tmp_path: Path) -> None:
    def result(id: str) -> list[dict[str, Any]]:
        return [{"type": "tool_result", "tool_use_id": id, "content": id}]

    calls = [[{"type": "tool_use", "id": id, "name": "look", "input": {}}] for id in "ab"]
    rows = [
        turn("user", "Fix it.", uuid="1", parentUuid=None),
        turn("assistant", calls[0], uuid="2", parentUuid="1"),
        turn("assistant", calls[1], uuid="3", parentUuid="2"),
        turn("user", result("a"), uuid="4", parentUuid="2"),  # calls side by side fork too
        turn("user", result("b"), uuid="5", parentUuid="3"),
        {"type": "attachment", "sessionId": "s", "uuid": "6", "parentUuid": "5"},
        turn("user", "Not so.", uuid="7", parentUuid="6"),
        turn("assistant", "Sorry.", uuid="8", parentUuid="7"),
        turn("user", "Better so.", uuid="9", parentUuid="5"),
        turn("assistant", "Done.", uuid="10", parentUuid="9"),
    ]
    [record] = records(lines(tmp_path / "s.jsonl", *rows))
    assert [m.content for m in record.run.messages if m.content] == ["Fix it.", "a", "b", "Better so.", "Done."]
    [whole] = records(lines(tmp_path / "s.jsonl", *rows[1:]))
    assert ("user", "Not so.") in said(whole)


def test_sessions_in_one_file_are_told_apart(tmp_path: Path) -> None:
    [*_] = found = records(lines(tmp_path / "x.jsonl", *FILES["claude-code"]))
    assert [(r.id, r.task) for r in found] == [(f"s{n}", f"q{n // 2}") for n in range(8)]


def test_file_of_a_subagent_is_skipped_and_a_broken_line_named(tmp_path: Path) -> None:
    alone = lines(tmp_path / "agent-1.jsonl", turn("user", "sub", isSidechain=True))
    assert [str(p) for p in collect([alone], Options()).skipped] == [f"{alone}, line 1: has no main conversation"]
    torn = lines(tmp_path / "s.jsonl", turn("user", "Fix it."))
    torn.write_text(torn.read_text() + '{"type": "user", "mess')
    with pytest.raises(BadRows, match=r"s\.jsonl, line 2: is not valid JSON"):
        records(torn)
    items = list(read_file(torn, Options()))
    assert [type(item) for item in items] == [Problem, Record]


def test_sessions_get_labels_and_tasks_from_a_file(tmp_path: Path) -> None:
    sessions = lines(tmp_path / "x.jsonl", *FILES["claude-code"])
    labels = lines(tmp_path / "labels.jsonl", {"id": "s0", "label": 1, "task": "fix"}, {"id": "s7", "label": 0})
    found = {r.id: (r.task, r.label) for r in collect([sessions], Options(), labels=labels).records}
    assert (found["s0"], found["s1"], found["s7"]) == (("fix", 1), ("q0", None), ("q3", 0))


def vote(name: str, value: Any, *, who: str = "ann", kind: str = "HUMAN", at: int = 0, **more: Any) -> dict[str, Any]:
    source = {"source_type": kind, "source_id": who}
    about = {"assessment_name": name, "source": source, "last_update_time": f"2026-01-0{at + 1}T00:00:00Z"}
    return {**about, "feedback": {"value": value}, **more}


def trace(*votes: Any, **spans: Any) -> dict[str, Any]:
    whole = FILES["mlflow"][0]
    return {
        "info": {"trace_id": "tr", "assessments": list(votes)},
        "data": {"spans": spans.get("spans") or whole["data"]["spans"]},
    }


def labels_of(path: Path, *votes: Any, **options: Any) -> list[tuple[str | None, float | None]]:
    return [(r.annotator, r.label) for r in records(lines(path, trace(*votes)), **options)]


def test_people_who_assess_a_trace_are_annotators_and_come_before_judges(tmp_path: Path) -> None:
    votes = [vote("ok", True, who="bob"), vote("ok", "no", at=1), vote("ok", "yes"), vote("ok", 0, kind="LLM_JUDGE")]
    assert labels_of(tmp_path / "x.jsonl", *votes) == [("bob", 1), ("ann", 0)]
    assert labels_of(tmp_path / "x.jsonl", votes[3], vote("note", "nice")) == [(None, 0)]
    assert labels_of(tmp_path / "x.jsonl", vote("ok", True, valid=False)) == [(None, None)]


def test_assessment_is_named_where_there_are_several(tmp_path: Path) -> None:
    expected = {"assessment_name": "grade", "expectation": {"value": 3}}
    votes = [vote("ok", True), vote("tone", 2.5), expected]
    with pytest.raises(DataError, match=r"line 1: has several scores: ok, tone \(name one with --label-key\)$"):
        labels_of(tmp_path / "x.jsonl", *votes)
    named = [labels_of(tmp_path / "x.jsonl", *votes, label_key=key) for key in ("tone", "grade", "other")]
    assert named == [[("ann", 2.5)], [(None, 3)], [(None, None)]]


def span(given: Any, gave: Any, **more: Any) -> dict[str, Any]:
    return {"attributes": {"mlflow.spanInputs": json.dumps(given), "mlflow.spanOutputs": json.dumps(gave)}, **more}


LANGCHAIN = [
    {"type": "human", "content": "1 + 1?"},
    {"type": "ai", "content": "", "tool_calls": [{"id": "c", "name": "add", "args": {"x": 1, "y": 1}}]},
    {"type": "tool", "content": "2", "tool_call_id": "c", "status": "success"},
    {"type": "ai", "content": "2"},
]
ITEMS = [
    {"type": "function_call", "call_id": "c", "name": "add", "arguments": '{"x": 1, "y": 1}'},
    {"type": "function_call_output", "call_id": "c", "output": "2"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "2"}]},
]
BLOCKS = [
    {"role": "user", "content": "1 + 1?"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "add", "input": {"x": 1, "y": 1}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "2"}]},
]


@pytest.mark.parametrize(
    "spans",
    [
        [span({"messages": LANGCHAIN[:1]}, {"messages": LANGCHAIN})],
        [span({"messages": LANGCHAIN[:1]}, {"messages": LANGCHAIN[1:]})],
        [span({"input": "1 + 1?"}, {"output": ITEMS})],
        [span({"messages": BLOCKS}, {"role": "assistant", "content": [{"type": "text", "text": "2"}]})],
        [
            span({"question": "1 + 1?"}, "2"),
            span({"x": 1, "y": 1}, 2, name="add", parent_span_id="r", attributes={
                "mlflow.spanType": '"TOOL"', "mlflow.spanInputs": '{"x": 1, "y": 1}', "mlflow.spanOutputs": "2"
            }),
        ],
    ],
    ids=["langgraph", "langchain", "responses", "anthropic", "tools"],
)  # fmt: skip
def test_spans_of_any_client_are_the_same_run(tmp_path: Path, spans: list[Any]) -> None:
    [record] = records(lines(tmp_path / "x.jsonl", trace(spans=spans)))
    assert record.run.messages == (
        Message("user", "1 + 1?"),
        Message("assistant", "", (ADD,)),
        Message("tool", "2", (), "1"),
        Message("assistant", "2"),
    )


def test_log_with_nan_is_read_and_text_that_says_so_is_kept(tmp_path: Path) -> None:
    sample = {**FILES["inspect"]["samples"][0], "messages": [*SAID[1:2], ending('NaN: "NaN", \\ NaN')]}
    sample["scores"] = {"s": {"value": float("nan")}}
    [record] = records(saved(tmp_path / "x.json", {"eval": {}, "samples": [sample]}))
    assert said(record)[-1] == ("assistant", 'NaN: "NaN", \\ NaN')


def test_log_with_nan_on_a_single_line_is_read(tmp_path: Path) -> None:
    sample = FILES["inspect"]["samples"][0] | {"scores": {"s": {"value": float("nan")}}}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"eval": {}, "samples": [sample]}) + "\n")
    [record] = records(path)
    assert record.label is None
