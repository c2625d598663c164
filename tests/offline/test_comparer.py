"""The simulated comparer: reads runs as the simulated judge does, and favours what it is shown first."""

import asyncio
import json
import re
from typing import Any

import pytest

from meta_reward.completion import Request
from meta_reward.errors import UsageError
from meta_reward.offline.comparer import POSITION_POINTS, simulated_comparer
from meta_reward.offline.judge import simulated_judge
from meta_reward.offline.judge.settings import NAMES
from meta_reward.trajectory import Message

GOOD = """[1] user: Please cancel order A7.
[2] assistant calls get_order {"id": "A7"}
[2] result of get_order: {"id": "A7", "status": "open"}
[3] assistant: Order A7 is open. Shall I cancel it?
[4] user: Yes, please.
[5] assistant calls cancel_order {"id": "A7"}
[6] result of cancel_order: {"id": "A7", "status": "cancelled"}
[7] assistant: Order A7 is cancelled."""
BAD = """[1] user: Please cancel order A7.
[2] assistant: I have cancelled order A7."""
POLICY = "## Policy\n\nAn agent must cancel an open order when the customer asks for it and agrees.\n\n"
SCORES = "Answer with one line for each run, `Score A: <number>`, `Score B: <number>`."
UNBIASED = dict.fromkeys(NAMES, 0.0)


def ask(text: str, *, schema: dict[str, Any] | None = None, draw: int = 0, **strengths: float) -> str:
    request = Request((Message("user", text),), schema=schema)
    return asyncio.run(simulated_comparer(**strengths).complete(request, draw=draw)).text


def shown(*runs: str, question: str = f"Rate each run from 0 to 100. {SCORES}") -> str:
    sections = "".join(f"## Run {label}\n\n{run}\n\n" for label, run in zip("ABC", runs, strict=False))
    return f"{POLICY}{sections}## Question\n\n{question}"


def scores(text: str) -> dict[str, float]:
    return {label: float(score) for label, score in re.findall(r"Score ([A-C]): ([\d.]+)", text)}


def test_better_run_gets_the_higher_score_in_both_orders() -> None:
    there = scores(ask(shown(GOOD, BAD), **UNBIASED, position=0.0))
    back = scores(ask(shown(BAD, GOOD), **UNBIASED, position=0.0))
    assert there["A"] > there["B"]
    assert back == {"A": there["B"], "B": there["A"]}


def test_same_run_gets_more_where_it_is_shown_first_unless_told_that_the_order_means_nothing() -> None:
    found = scores(ask(shown(BAD, BAD), **UNBIASED))
    assert found["A"] - found["B"] == pytest.approx(POSITION_POINTS, abs=0.5)
    told = shown(BAD, BAD, question=f"The order of the runs means nothing.\nRate each run from 0 to 100. {SCORES}")
    less = scores(ask(told, **UNBIASED))
    assert 0 < less["A"] - less["B"] < POSITION_POINTS / 2


def test_three_runs_get_three_scores() -> None:
    form = f"{SCORES[:-1]}, `Score C: <number>`."
    assert set(scores(ask(shown(GOOD, BAD, GOOD, question=f"Rate each run from 0 to 100. {form}")))) == set("ABC")


def test_better_run_is_named_where_that_is_asked_also_as_json() -> None:
    which = shown(BAD, GOOD, question="Which is better? Answer with one line, `Better: <letter>`.")
    assert ask(which, **UNBIASED) == "Better: B"
    number = {"type": "number"}
    schema = {"type": "object", "properties": {"why": {}, "score_a": number, "score_b": number, "better": {}}}
    answer = json.loads(ask(shown(BAD, GOOD), schema=schema, **UNBIASED))
    assert answer["score_b"] > answer["score_a"]
    assert (answer["better"], answer["why"]) == ("B", answer["why"])


def test_run_in_the_middle_of_a_long_prompt_is_read_less() -> None:
    filler = "\n".join(f"[{n}] user: And another thing, number {n}." for n in range(1, 400))
    reading = {**UNBIASED, "reading": 5.0, "position": 0.0}
    assert scores(ask(shown(filler, GOOD, filler), **reading))["B"] < scores(ask(shown(GOOD, BAD), **reading))["A"]


@pytest.mark.parametrize("draw", [0, 1])
def test_question_about_one_run_is_answered_as_the_simulated_judge_answers_it(draw: int) -> None:
    text = f"{POLICY}## Run\n\n{GOOD}\n\nRate the agent from 0 to 100. Answer with one line, `Score: <number>`."
    judge = asyncio.run(simulated_judge().complete(Request((Message("user", text),)), draw=draw))
    assert ask(text, draw=draw) == judge.text


def test_unknown_strength_is_refused_with_what_is_known() -> None:
    with pytest.raises(UsageError, match="known are position, action_bias"):
        simulated_comparer(haste=1.0)
