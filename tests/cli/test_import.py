"""`meta-reward import` as its user meets it, above all when something is wrong."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from meta_reward.tasks.importers.rows import iter_rows
from meta_reward.tasks.lock import locked
from meta_reward.tasks.taskset import load_task_set
from tests.cli.conftest import MetaReward

CALL = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"id": "A7"}'}}
TOOL = {"role": "tool", "tool_call_id": "c", "content": "sent"}


def run(task: Any, label: Any, said: str) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "Be fair."},
        {"role": "user", "content": f"Refund {task}?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        TOOL,
        {"role": "assistant", "content": said},
    ]
    return {"task": task, "label": label, "messages": messages}


def runs(tasks: int, first: int = 0) -> list[Any]:
    return [run(f"t{n}", label, f"{n}{label}") for n in range(first, first + tasks) for label in (0, 1)]


def lines(path: Path, rows: list[Any]) -> None:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))


def each(change: dict[str, Any], *, without: str = "") -> list[Any]:
    return [{k: v for k, v in row.items() if k != without} | change for row in runs(2)]


def first(change: dict[str, Any], *, without: str = "") -> list[Any]:
    return [*each(change, without=without)[:1], *runs(2)[1:]]


def test_import_says_what_came_in_what_did_not_and_what_it_is_good_for(meta_reward: MetaReward, here: Path) -> None:
    broken = {**CALL, "function": {"name": "look", "arguments": "{\x1b[2J"}}
    bad = [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [broken]}]
    rows = runs(10)
    rows[4:4] = [{"task": "t1", "label": 1, "messages": bad}, {"task": "t1", "label": 1, "messages": []}]
    lines(here / "runs.jsonl", rows)
    wanted = """\
20 trajectories, 10 tasks, policy in 1 variant; 10 pairs (10 from labels)
search 4 tasks, 4 pairs; validation 3 tasks, 3 pairs; test 3 tasks, 3 pairs
too few for a tested decision; about 210 tasks find a gain of 20 points
skipped 2 of 22: line 5, messages, message 2: tool arguments are not valid JSON: 'look'('{\\x1b[2J'); \
line 6: has no messages
"""
    dry = meta_reward("import", "runs.jsonl", "--name", "billing", "--dry-run")
    assert (dry.code, dry.err, dry.out) == (0, "", wanted + "nothing was written to tasks/billing: a dry run\n")
    assert not (here / "tasks").exists()
    assert meta_reward("import", "runs.jsonl", "--name", "billing").out == wanted + "written to tasks/billing\n"
    assert len(load_task_set(here / "tasks" / "billing").pairs) == 10


def test_import_can_be_read_by_programs(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "runs.jsonl", [*runs(4), run("t9", None, "x")])
    told = json.loads(meta_reward("import", "runs.jsonl", "--name", "x", "--json").out)
    assert (told["formats"], told["trajectories"], told["tasks"], told["unlabelled"]) == (["labelled"], 9, 5, 1)
    assert told["pairs"] == {"given": 0, "from_labels": 4, "all": 4}
    assert told["findings"] == [{"kind": "no-pairs", "what": "tasks without pairs", "count": 1, "examples": ["t9"]}]


def test_growing_a_set_moves_no_task(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "a.jsonl", runs(6))
    lines(here / "b.jsonl", [*runs(1), run("t0", 0, "new"), *runs(9, first=6)])
    meta_reward("import", "a.jsonl", "--name", "x", "--licence", "MIT")
    before = load_task_set(here / "tasks" / "x")
    grown = meta_reward("import", "b.jsonl", "--name", "x", "--append")
    after = load_task_set(here / "tasks" / "x")
    assert grown.out.startswith(
        "31 trajectories, 15 tasks (19 trajectories new), policy in 1 variant; 16 pairs (10 from"
    )
    assert "skipped 2 of 21: line 1 and 1 more: is a trajectory that is there already" in grown.out
    assert after.pairs[:6] == before.pairs
    assert (after.about.source, after.about.licence) == ("labelled: a.jsonl; labelled: b.jsonl", "MIT")
    assert before.division is not None
    assert after.division is not None
    for split, tasks in before.division.splits.items():
        assert set(tasks) <= set(after.division.splits[split])
    assert sorted(map(len, after.division.splits.values())) == [4, 5, 6]


def test_growing_by_the_same_file_changes_no_byte(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "a.jsonl", [*runs(4), *(run("t9", label, str(label)) for label in (0.1, 0.5))])
    meta_reward("import", "a.jsonl", "--name", "x", "--source", "s")
    folder = here / "tasks" / "x"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert meta_reward("import", "a.jsonl", "--name", "x", "--source", "s", "--append").code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_growing_leaves_what_a_person_wrote_by_hand(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "a.jsonl", runs(4))
    lines(here / "b.jsonl", runs(1, first=7))
    meta_reward("import", "a.jsonl", "--name", "x")
    folder = here / "tasks" / "x"
    by_hand = next((folder / "trajectories").iterdir())
    by_hand.write_text(json.dumps({**json.loads(by_hand.read_text()), "note": "strange"}))
    (folder / "notes.md").write_text("Mine.")
    pairs = (folder / "pairs.jsonl").read_text().replace('"id"', ' "id"').rstrip()
    (folder / "pairs.jsonl").write_text(pairs)
    assert meta_reward("import", "b.jsonl", "--name", "x", "--append").code == 0
    assert json.loads(by_hand.read_text())["note"] == "strange"
    assert (folder / "notes.md").read_text() == "Mine."
    assert (folder / "pairs.jsonl").read_text().startswith(pairs + "\n{")
    assert len(load_task_set(folder).pairs) == 5


def test_policy_tools_and_labels_come_from_files(meta_reward: MetaReward, here: Path) -> None:
    rows = [{"id": f"r{n}", **run("t", None, str(n))} for n in range(2)]
    lines(here / "runs.jsonl", rows)
    (here / "policy.md").write_text("Mine.\r\n")
    (here / "tools.json").write_text('[{"type": "function", "function": {"name": "look"}}]')
    (here / "labels.csv").write_text("id,label\nr0,0\nr1,1\n")
    meta_reward(
        "import",
        "runs.jsonl",
        "--name",
        "x",
        "--policy",
        "policy.md",
        "--tools",
        "tools.json",
        "--labels",
        "labels.csv",
    )
    loaded = load_task_set(here / "tasks" / "x")
    assert (loaded.policy, [tool.name for tool in loaded.tools], len(loaded.pairs)) == ("Mine.\n", ["look"], 1)
    assert {rollout.trajectory.policy for rollout in loaded.rollouts.values()} == {"Mine.\n"}


def test_more_waits_for_whoever_labels(meta_reward: MetaReward, here: Path) -> None:
    for name, rows in (("a", runs(2)), ("b", runs(2, first=2))):
        lines(here / f"{name}.jsonl", rows)
    meta_reward("import", "a.jsonl", "--name", "x")
    held, let_go = threading.Event(), []

    def hold() -> None:
        with locked(Path("tasks/x")):
            held.set()
            time.sleep(0.3)  # much longer than the import takes
            let_go.append(time.monotonic())

    labelling = threading.Thread(target=hold)
    labelling.start()
    held.wait()
    assert meta_reward("import", "b.jsonl", "--name", "x", "--append").code == 0
    assert time.monotonic() > let_go[0]
    labelling.join()


MISTAKES: dict[str, tuple[list[Any], str]] = {
    "the label is a word": (
        first({"label": "pass"}),
        "line 1, label: is 'pass', not a number: write 1 for a success and 0 for a failure",
    ),
    "the label has another name": (
        each({"reward": 1}, without="label"),
        "has no labels, so no pairs (name their field with --label-key, or a file with --labels; --unlabelled takes",
    ),
    "the task has another name": (
        first({"case": "a"}, without="task"),
        "line 1, task: is missing: runs of one request carry the same task",
    ),
    "the messages have another name": (
        each({"log": []}, without="messages"),
        "is in no known format: its first row has task, label, log (name the fields chosen and rejected, or task,",
    ),
    "every run is a task of its own": (
        [run(f"t{n}", n % 2, str(n)) for n in range(6)],
        "gives no pairs: no task has two runs with different labels (6 labels, 6 tasks)",
    ),
    "all runs succeed": (each({"label": 1}), "gives no pairs: no task has two runs with different labels (4 labels, 2"),
    "messages are plain text": (
        first({"messages": "User: hi\nAgent: hello"}),
        "line 1, messages: is text that is not valid JSON, not a list of messages",
    ),
    "roles of another framework": (
        first({"messages": [{"role": "human", "content": "hi"}]}),
        "line 1, messages, message 1, role: is 'human', not one of user, assistant, tool, system, developer, function",
    ),
    "fields of another framework": (
        first({"messages": [{"from": "human", "value": "hi"}]}),
        "line 1, messages, message 1, role: is missing; the message has from, value",
    ),
    "Python dicts instead of JSON": (
        [str(runs(1)[0]), *runs(2)[1:]],
        "line 1: is not valid JSON, but Python: write it with json.dumps",
    ),
    "NaN, as Python writes it": (
        first({"cost": float("nan")}),
        "line 1: is not valid JSON: NaN is no value of JSON",
    ),
    "messages as pandas writes them": (
        first({"messages": str(runs(1)[0]["messages"])}),
        "line 1, messages: is text that is not valid JSON, but Python: write it with json.dumps",
    ),
    "a line cut in two": (
        [*runs(2), json.dumps(runs(1)[0])[:50]],
        "line 5: is not valid JSON",
    ),
    "all messages are lost": (each({"messages": []}), "holds no row that can be used: runs.jsonl, line 1: has no mess"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_typical_mistake_of_a_first_import_is_told_with_its_line(
    meta_reward: MetaReward, here: Path, mistake: str
) -> None:
    rows, complaint = MISTAKES[mistake]
    lines(here / "runs.jsonl", rows)
    ran = meta_reward("import", "runs.jsonl", "--name", "x")
    assert (ran.code, ran.out, "Traceback" in ran.err) == (1, "", False), ran
    assert complaint in ran.err
    assert not (here / "tasks").exists()


def test_errors_come_in_the_order_of_files_and_lines(meta_reward: MetaReward, here: Path) -> None:
    rows = [json.dumps(runs(1)[0])[:60], run(None, 1, "x"), "{not json}", run("t", "high", "x")]
    lines(here / "a.jsonl", rows)
    (here / "b.jsonl").write_text("no JSON at all")
    ran = meta_reward("import", "a.jsonl", "b.jsonl", "gone.jsonl", "--name", "x")
    places = [line.strip().partition(": ")[0] for line in ran.err.splitlines()]
    assert (ran.code, places[0]) == (1, "meta-reward")
    assert places[1:-1] == [
        "a.jsonl, line 1",
        "a.jsonl, line 2, task",
        "a.jsonl, line 3",
        "a.jsonl, line 4, label",
        "b.jsonl, line 1",
        "gone.jsonl",
    ], ran.err


@pytest.mark.parametrize(
    "text", ['{"simulations": [\n{"a": 1}\n]}', '{"a": [\n{"b": 1},\n{"c": 2}]}', '[\n{"task": "a"},\n{"task": "b"}\n]']
)
def test_documents_that_hold_lines_of_objects_stay_documents(here: Path, text: str) -> None:
    (here / "x.json").write_text(text)
    whole = json.loads(text)
    assert [row for _, row in iter_rows(here / "x.json")] == (whole if isinstance(whole, list) else [whole])


def test_tasks_check_names_what_is_doubtful(meta_reward: MetaReward, here: Path) -> None:
    def side(said: str) -> list[Any]:
        return [{"role": "user", "content": "q"}, {"role": "assistant", "content": said}]

    rows = [{"chosen": side("a"), "rejected": side("b")}, {"chosen": side("b"), "rejected": side("a")}]
    lines(here / "pairs.jsonl", rows)
    meta_reward("import", "pairs.jsonl", "--name", "x")
    ran = meta_reward("tasks", "check", "x")
    assert (ran.code, ran.out.startswith("look at: pairs that contradict each other: 2 (opening-")) == (0, True), ran
    assert json.loads(meta_reward("tasks", "check", "x", "--json").out)["findings"][0]["kind"] == "contradiction"


def test_tasks_check_says_how_far_annotators_of_labels_agree(meta_reward: MetaReward, here: Path) -> None:
    one, two = ([row | {"annotator": who} for row in runs(4)] for who in ("ann", "bob"))
    two[1] = two[1] | {"label": 0}  # t0-1, about which they differ
    lines(here / "runs.jsonl", [*one, *two])
    ran = meta_reward("import", "runs.jsonl", "--name", "x")
    told = "2 annotators labelled 8 trajectories together: 88% of couples agree, alpha 0.76, kappa 0.75\n"
    assert "8 trajectories, 4 tasks, policy in 1 variant; 3 pairs (3 from labels)\n" in ran.out
    assert told in ran.out
    assert meta_reward("tasks", "check", "x").out == f"look at: tasks without pairs: 1 (t0)\n{told}"


def test_tasks_check_of_a_sound_set_says_so(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "runs.jsonl", runs(4))
    meta_reward("import", "runs.jsonl", "--name", "x")
    assert meta_reward("tasks", "check", "x").out == "x: nothing to look at in 8 trajectories\n"


def test_tasks_power_says_what_a_set_can_find(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "runs.jsonl", runs(40))
    meta_reward("import", "runs.jsonl", "--name", "x")
    ran = meta_reward("tasks", "power", "x", "--gain", "0.2")
    assert ran.out.splitlines()[:2] == ["validation: 12 tasks, 12 pairs", "smallest p that they allow: 0.00024"]
    told = json.loads(meta_reward("tasks", "power", "x", "--gain", "0.2", "--json").out)
    assert told["validation_tasks_needed"] - told["more_validation_tasks"] == 12
    assert f"for 80% it takes {told['more_tasks']} more tasks, {told['more_validation_tasks']} of them" in ran.out


def test_tasks_power_of_few_tasks_says_that_nothing_is_tested(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "runs.jsonl", runs(6))
    meta_reward("import", "runs.jsonl", "--name", "x")
    assert "too few tasks for a test: a search keeps its baseline" in meta_reward("tasks", "power", "x").out


def test_tasks_power_of_a_set_that_cannot_be_divided_is_one_line(meta_reward: MetaReward, here: Path) -> None:
    lines(here / "runs.jsonl", runs(2))
    assert "2 tasks with pairs: too few to divide" in meta_reward("import", "runs.jsonl", "--name", "x").out
    ran = meta_reward("tasks", "power", "x")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "too few tasks to divide into three splits" in ran.err
