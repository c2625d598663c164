"""Programs that classify: what they learn goes on from one example to the next, and to every text, and nowhere else."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.base import part_for
from meta_reward.kinds.registry import KINDS, load_any_task_set
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.run.evaluations import load_items, load_scores, save_evaluation
from meta_reward.tasks.about import About
from meta_reward.tasks.texts import LabelledText, TextSet, load_text_set, save_text_set
from tests.conftest import LEVEL, WordJudge

KIND = KINDS["classify"]
REMEMBERS = """
async def learn(memory, example, model):
    return f"{memory}{example.text}={example.label};"

async def predict(memory, text, model):
    known = dict(line.split("=") for line in memory.split(";") if line)
    return known.get(text.lower(), "unknown")
"""
FAILS_ON_C = REMEMBERS.replace("    return f", '    if example.text == "c":\n        raise KeyError("c")\n    return f')
ASKS = """
async def learn(memory, example, model):
    reply = await model.ask(f"{memory}|{example.label}")
    return memory + reply.text

async def predict(memory, text, model):
    return (await model.ask(f"{memory} {text}", system="Label it.")).text
"""


def text_set(
    path: Path, training: Sequence[str] = ("a=x", "b=y", "c=x"), texts: Sequence[str] = ("A=x", "B=y", "D=x")
) -> TextSet:
    """Texts of one data set, or of several: `set/text=label`."""
    made = [
        [LabelledText(f"{kind}{n}", *_parts(one)) for n, one in enumerate(every)]
        for kind, every in (("t", training), ("x", texts))
    ]
    save_text_set(path, About(path.name, kind="classify"), training=made[0], texts=made[1])
    return load_text_set(path)


def _parts(one: str) -> tuple[str, str, str]:
    name, _, rest = one.rpartition("/")
    text, _, label = rest.partition("=")
    return name or "one", text, label


def run(
    source: str,
    taskset: TextSet,
    judge: WordJudge | None = None,
    *,
    finished: Sequence[Result] = (),
    give_up: bool = False,
    cache: Path | None = None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> Evaluation:
    part = part_for(KIND, KIND.part(taskset, taskset.tasks), source)
    gateway = Gateway(judge or WordJudge(), Cache(cache) if cache else None)

    async def work() -> Evaluation:
        async with Sandbox(Budget(active_s=5.0), level=LEVEL) as sandbox:
            return await evaluate(
                source,
                part.examples,
                gateway=gateway,
                sandbox=sandbox,
                finished={one.example: one for one in finished},
                give_up=give_up,
                on_result=on_result,
            )

    return asyncio.run(work())


def scores_of(taskset: TextSet, evaluation: Evaluation) -> dict[str, float]:
    part = KIND.part(taskset, taskset.tasks)
    return {one.id: one.score for one in KIND.outcomes(taskset, part, evaluation)}


def test_program_learns_in_order_and_labels_from_all_that_it_learned(tmp_path: Path) -> None:
    taskset = text_set(tmp_path / "set")
    evaluation = run(REMEMBERS, taskset)
    learned = [result.text for result in evaluation.results if result.entry == "learn"]
    assert learned == ["a=x;", "a=x;b=y;", "a=x;b=y;c=x;"]
    assert scores_of(taskset, evaluation) == {"x0": 1.0, "x1": 1.0, "x2": 0.0}


def test_program_that_learns_nothing_is_not_asked_to(tmp_path: Path) -> None:
    source = 'async def predict(memory, text, model):\n    return "x" if memory == "" else "y"\n'
    evaluation = run(source, text_set(tmp_path / "set"))
    assert [(result.entry, result.text) for result in evaluation.results] == [("predict", "x")] * 3


def test_step_that_fails_fails_all_that_come_after_it_and_is_named(tmp_path: Path) -> None:
    evaluation = run(FAILS_ON_C, text_set(tmp_path / "set", training=("a=x", "c=x", "b=y")))
    errors = [(result.example, result.error.kind) for result in evaluation.results if result.error]
    assert errors == [("t1", "KeyError"), ("t2", "after"), *((f"x{n}", "after") for n in range(3))]
    assert {r.error.message for r in evaluation.results if r.error and r.error.kind == "after"} == {
        "`learn` failed on t1: KeyError"
    }


def test_candidate_that_cannot_learn_is_given_up(tmp_path: Path) -> None:
    texts = [f"text {n}=x" for n in range(20)]
    evaluation = run(FAILS_ON_C, text_set(tmp_path / "set", texts=texts), give_up=True)
    assert (evaluation.broken, len(evaluation.not_run)) == (True, 12)


def test_nothing_but_the_memory_goes_from_one_call_to_the_next(tmp_path: Path) -> None:
    source = """
seen = []

async def learn(memory, example, model):
    seen.append(example.text)
    return memory + str(len(seen))

async def predict(memory, text, model):
    seen.append(text)
    return f"{memory} {len(seen)}"
"""
    evaluation = run(source, text_set(tmp_path / "set"))
    assert [r.text for r in evaluation.results] == ["1", "11", "111", *["111 1"] * 3]


def test_evaluation_goes_on_from_what_was_learned_before_it_was_stopped(tmp_path: Path) -> None:
    taskset, judge = text_set(tmp_path / "set"), WordJudge(lambda prompt, draw: "!")
    whole, done = run(ASKS, taskset, judge), list[str]()
    resumed = run(ASKS, taskset, judge, finished=whole.results[:2], on_result=lambda one: done.append(one.example))
    assert [one.text for one in resumed.results] == [one.text for one in whole.results]
    assert sorted(done) == ["t2", "x0", "x1", "x2"]


def test_known_outputs_are_taken_from_the_cache(tmp_path: Path) -> None:
    taskset, judge = text_set(tmp_path / "set"), WordJudge(lambda prompt, draw: "!")
    first = run(ASKS, taskset, judge, cache=tmp_path / "cache" / "word")
    asked = len(judge.requests)
    again = run(ASKS, taskset, judge, cache=tmp_path / "cache" / "word")
    assert (len(judge.requests), [r.text for r in again.results]) == (asked, [r.text for r in first.results])


def test_each_data_set_is_learned_by_itself_and_weighs_the_same(tmp_path: Path) -> None:
    texts = ("p/A=x", "p/B=y", "p/C=x", "q/A=z")
    taskset = text_set(tmp_path / "set", training=("p/a=x", "q/a=z", "p/b=y"), texts=texts)
    evaluation, part = run(REMEMBERS, taskset), KIND.part(taskset, taskset.tasks)
    assert [r.text for r in evaluation.results if r.entry == "learn"] == ["a=x;", "a=x;b=y;", "a=z;"]
    found = save_evaluation(tmp_path / "out", evaluation, part, taskset, judge="word").metrics
    assert found.score == pytest.approx((2 / 3 + 1) / 2)
    assert {name: group.score for name, group in found.by_category.items() if name in "pq"} == {
        "p": pytest.approx(2 / 3),
        "q": 1.0,
    }


def test_labels_are_compared_without_case_width_and_white_space(tmp_path: Path) -> None:
    source = 'async def predict(memory, text, model):\n    return {"A": " ｘ  Y\\n", "B": "xy"}[text]\n'
    taskset = text_set(tmp_path / "set", texts=("A=x y", "B=x y"))
    assert scores_of(taskset, run(source, taskset)) == {"x0": 1.0, "x1": 0.0}


def test_what_is_no_text_fails_the_program(tmp_path: Path) -> None:
    source = "async def predict(memory, text, model):\n    return 5\n"
    (first, *_) = run(source, text_set(tmp_path / "set")).results
    assert first.error is not None
    assert (first.error.kind, first.error.message) == ("ValueError", "predict() returned int, not a label")


def test_memory_without_end_fails_the_program(tmp_path: Path) -> None:
    source = REMEMBERS.replace('return f"{memory}', 'return 2_000_000 * "m" + f"{memory}')
    first = run(source, text_set(tmp_path / "set")).results[0]
    assert first.error is not None
    assert (first.error.kind, first.error.message) == (
        "TooLong",
        "learn() returned 2,000,004 characters, more than 1,000,000",
    )


def test_label_without_end_fails_on_that_text_alone(tmp_path: Path) -> None:
    source = 'async def predict(memory, text, model):\n    return "x" * (20_001 if text == "A" else 1)\n'
    results = run(source, text_set(tmp_path / "set")).results
    assert [result.error.kind if result.error else result.text for result in results] == ["TooLong", "x", "x"]


def test_program_that_writes_its_memory_anew_for_ever_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meta_reward.evaluation.evaluate.MAX_LEARNED_CHARS", 10)
    results = run(REMEMBERS, text_set(tmp_path / "set")).results
    failures = [(one.example, one.error.kind, one.error.message) for one in results if one.error]
    assert failures[0] == ("t1", "memory", "learn() has returned more than 10 characters over its examples")
    assert {kind for _, kind, _ in failures[1:]} == {"after"}


REWRITES = """
import random

async def learn(memory, example, model):
    chance = random.Random(example.text)
    return "\\n".join(str(chance.randint(1, 9)) for _ in range(200_000)) + str(chance.random()) * 20_000

async def predict(memory, text, model):
    return "x"
"""


@pytest.mark.parametrize(
    "source", [REWRITES, REWRITES.replace('"\\n".join', '"".join')], ids=["many lines", "one long line"]
)
def test_what_each_step_changed_is_told_briefly_however_much_it_was(tmp_path: Path, source: str) -> None:
    taskset = text_set(tmp_path / "set", training=[f"{n}=x" for n in range(4)])
    began = time.process_time()
    save_evaluation(tmp_path / "out", run(source, taskset), KIND.part(taskset, taskset.tasks), taskset, judge="word")
    steps = (tmp_path / "out/memory/one-steps.jsonl").read_text().splitlines()
    assert max(map(len, steps)) < 50_000
    assert time.process_time() - began < 20.0


def test_data_sets_of_any_name_have_files_of_their_own(tmp_path: Path) -> None:
    names = ("../../x", ".", "..", "x", "x ", "-x", "a" * 300, "\U0002000b" * 60, "\x1b[31mred", "a.md", "CON")
    taskset = text_set(
        tmp_path / "set", training=[f"{name}/a=x" for name in names], texts=[f"{name}/A=x" for name in names]
    )
    out = tmp_path / "out"
    save_evaluation(out, run(REMEMBERS, taskset), KIND.part(taskset, taskset.tasks), taskset, judge="word")
    written = [path for path in tmp_path.rglob("*.md") if not path.is_relative_to(tmp_path / "set")]
    assert len(written) == len(names)
    assert {path.parent for path in written} == {out / "memory"}
    assert all(path.name.isprintable() for path in written)


def test_files_tell_what_was_learned_asked_and_answered(tmp_path: Path) -> None:
    taskset, judge = text_set(tmp_path / "set"), WordJudge(lambda prompt, draw: "x\n" if "Label" not in prompt else "x")
    evaluation, out = run(ASKS, taskset, judge), tmp_path / "out"
    save_evaluation(out, evaluation, KIND.part(taskset, taskset.tasks), taskset, judge="word")
    assert (out / "memory" / "one.md").read_text() == "x\n" * 3
    steps = [json.loads(line) for line in (out / "memory" / "one-steps.jsonl").read_text().splitlines()]
    assert steps[1] == {"example": "t1", "label": "y", "removed": [], "added": ["x"]}
    assert [(one.id, one.expected, one.output, one.score) for one in load_items(out)] == [
        ("x0", "x", "x\n", 1.0),
        ("x1", "y", "x\n", 0.0),
        ("x2", "x", "x\n", 1.0),
    ]
    scores = load_scores(out)
    assert scores is not None
    assert scores.metrics.context is not None
    assert (scores.metrics.context.mean_chars, scores.metrics.context.memory_chars) == (len("Label it.") + 8, 6)
    trace = json.loads((out / "traces" / "t1.json").read_text())
    assert (trace["example"], trace["entry"], trace["output"]) == ("t1", "learn", ["x", "x", ""])


def test_only_steps_that_asked_or_failed_leave_a_trace(tmp_path: Path) -> None:
    taskset, out = text_set(tmp_path / "set"), tmp_path / "out"
    save_evaluation(out, run(REMEMBERS, taskset), KIND.part(taskset, taskset.tasks), taskset, judge="word")
    assert sorted(path.stem for path in (out / "traces").iterdir()) == ["x0", "x1", "x2"]


def test_kind_of_a_task_set_is_found(tmp_path: Path) -> None:
    text_set(tmp_path / "set")
    assert isinstance(load_any_task_set(tmp_path / "set"), TextSet)
