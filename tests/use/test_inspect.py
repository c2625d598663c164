"""The scorer for Inspect, in real evals with its mock model."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="Inspect is not installed: pip install 'meta-reward[inspect]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def scores_of(counting: Path, tmp_path: Path, outputs: Iterator[Any], *, samples: int) -> Any:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelUsage, get_model
    from inspect_ai.solver import generate, system_message, use_tools
    from inspect_ai.tool import Tool, tool

    from meta_reward.use.inspect_ai import reward_scorer

    @tool
    def get_order() -> Tool:
        async def execute(order_id: str) -> str:
            """Look up an order.

            Args:
                order_id: Its id.
            """
            return "sent"

        return execute

    task = Task(
        dataset=[Sample(input="Where is my order?", target="sent") for _ in range(samples)],
        solver=[system_message("Be kind."), use_tools(get_order()), generate()],
        scorer=reward_scorer(str(counting), judge="simulated"),
    )
    counted = (output.model_copy(update={"usage": ModelUsage()}) for output in outputs)  # else it downloads a tokenizer
    model = get_model("mockllm/model", custom_outputs=counted)
    (log,) = eval(task, model=model, log_dir=str(tmp_path / "logs"), display="none", max_samples=1)
    assert log.status == "success", log.error
    return log


def test_inspect_scores_the_whole_conversation_with_its_tools(counting: Path, tmp_path: Path) -> None:
    from inspect_ai.model import ModelOutput

    outputs = [
        ModelOutput.for_tool_call("mockllm/model", "get_order", {"order_id": "A1"}),
        ModelOutput.from_content("mockllm/model", "It was sent."),
    ]
    log = scores_of(counting, tmp_path, iter(outputs), samples=1)
    score = log.samples[0].scores["reward_scorer"]
    assert (score.value, score.metadata["policy"]) == (0.41, "Be kind.")
    assert '[2] assistant calls get_order {"order_id": "A1"}\n\n[3] result of get_order: sent' in score.explanation
    assert log.results.scores[0].metrics["mean"].value == 0.41


def test_failure_is_an_unscored_sample_that_the_mean_leaves_out(counting: Path, tmp_path: Path) -> None:
    from inspect_ai.model import ModelOutput

    outputs = (ModelOutput.from_content("mockllm/model", said) for said in ("BAD", "It was sent."))
    log = scores_of(counting, tmp_path, outputs, samples=2)
    values = [sample.scores["reward_scorer"].value for sample in log.samples]
    assert str(values[0]) == "nan"
    assert "it is bad" in log.samples[0].scores["reward_scorer"].explanation
    assert (values[1], log.results.scores[0].metrics["mean"].value) == (0.21, 0.21)


def test_log_is_scored_from_the_command_line(counting: Path, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log
    from inspect_ai.model import ModelOutput

    outputs = iter([ModelOutput.from_content("mockllm/model", "Yes.")])
    log = scores_of(counting, tmp_path, outputs, samples=1)
    named = ["--scorer", "meta_reward/reward_scorer", "-S", f"path={counting}", "-S", "judge=simulated"]
    inspect = [
        str(Path(sys.executable).parent / "inspect"),
        "score",
        log.location,
        "--overwrite",
        "--action",
        "overwrite",
    ]
    done = subprocess.run([*inspect, *named], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert [sample.scores["reward_scorer"].value for sample in read_eval_log(log.location).samples or ()] == [0.21]
