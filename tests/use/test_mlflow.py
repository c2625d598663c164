"""The judge for MLflow and its optimizer, with real traces in a local store."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import UsageError
from tests.cli.conftest import ONE_SEED
from tests.conftest import PROJECT

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(not find_spec("mlflow"), reason="MLflow is not installed: pip install 'meta-reward[mlflow]'"),
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local store of MLflow, which is asked for none of its usage data."""
    import mlflow

    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    yield
    mlflow.set_tracking_uri(None)


def agent(answer: str) -> Callable[[str], str]:
    """An agent that looks an order up and answers; both are traced."""
    import mlflow

    @mlflow.trace(span_type="TOOL")
    def get_order(order_id: str) -> str:
        return "sent"

    @mlflow.trace
    def answered(question: str) -> str:
        get_order("A1")
        return answer

    return answered


def trace_of(answer: str, question: str = "Where is my order?", **labels: float) -> Any:
    import mlflow
    from mlflow.entities import AssessmentSource

    agent(answer)(question)
    trace_id = mlflow.get_last_active_trace_id()
    assert trace_id is not None
    mlflow.flush_trace_async_logging()
    for name, value in labels.items():
        source = AssessmentSource(source_type="HUMAN", source_id="ann")
        mlflow.log_feedback(trace_id=trace_id, name=name, value=value, source=source)
    return mlflow.get_trace(trace_id)


def first_judge(name: str) -> Any:
    """A judge to align: one of MLflow's where all of MLflow is installed, else one of ours."""
    from mlflow.genai.judges import make_judge

    from meta_reward.use.mlflow import reward_judge

    if find_spec("pandas"):
        return make_judge(name=name, instructions="Is {{ outputs }} helpful?", model="openai:/gpt-4o")
    return reward_judge(PROJECT / "seed_harnesses" / "baseline.py", judge="simulated", name=name)


@pytest.mark.slow
def test_judge_reads_a_trace_with_its_tool_calls(counting: Path, store: None) -> None:
    from meta_reward.use.mlflow import reward_judge

    feedback = reward_judge(counting, judge="simulated", name="quality")(trace=trace_of("It was sent."))
    assert (feedback.name, feedback.value, feedback.error) == ("quality", 0.4, None)
    assert "assistant calls get_order" in feedback.rationale
    assert feedback.rationale.endswith("[4] assistant: It was sent.")


@pytest.mark.slow
def test_judge_reads_inputs_and_outputs(counting: Path) -> None:
    from meta_reward.use.mlflow import reward_judge

    judge = reward_judge(counting, judge="simulated")
    chat = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi."}]}
    said = {"choices": [{"message": {"role": "assistant", "content": "Hello."}}]}
    assert judge(inputs={"question": "Where is it?"}, outputs="It was sent.").value == 0.2
    assert judge(inputs=chat, outputs=said).rationale == "[1] user: Hi.\n\n[2] assistant: Hello."
    assert judge.instructions.startswith(f"harness {counting}, judge simulated")


@pytest.mark.slow
def test_failure_is_a_feedback_with_an_error_and_without_a_value(counting: Path) -> None:
    from meta_reward.use.mlflow import reward_judge

    feedback = reward_judge(counting, judge="simulated")(inputs={"question": "Hi."}, outputs="BAD")
    assert feedback.value is None
    assert feedback.error is not None
    assert str(feedback.error.error_message).startswith("ValueError: it is bad")


@pytest.mark.slow
def test_evaluate_scores_traces_with_the_judge_and_leaves_failures_out_of_its_mean(counting: Path, store: None) -> None:
    pandas = pytest.importorskip("pandas", reason="mlflow.genai.evaluate needs the whole of MLflow: pip install mlflow")
    import mlflow

    from meta_reward.use.mlflow import reward_judge

    judge = reward_judge(counting, judge="simulated", name="quality")
    traces = pandas.DataFrame({"trace": [trace_of("It was sent."), trace_of("BAD")]})
    result = mlflow.genai.evaluate(data=traces, scorers=[judge])
    values = [float(value) for value in result.tables["eval_results"]["quality/value"]]
    assert sorted(map(str, values)) == ["0.4", "nan"]
    assert result.metrics["quality/mean"] == 0.4


@pytest.mark.slow
def test_align_runs_a_search_and_returns_a_judge_with_sealed_numbers(store: None, here: Path) -> None:
    from meta_reward.use.mlflow_align import MetaReward

    (here / "one_seed").mkdir()
    (here / "one_seed" / "baseline.py").symlink_to(PROJECT / "seed_harnesses" / "baseline.py")
    traces = [
        trace_of(f"Run {n} was {word}.", f"Where is order {task}?", helpful=label)
        for task in range(8)
        for n, (word, label) in enumerate((("GOOD", 1.0), ("BAD", 0.0)))
    ]
    judge = first_judge("helpful")
    optimizer = MetaReward(judge="simulated", iterations=0, seeds=ONE_SEED[1])
    better = judge.align(traces, optimizer=optimizer)
    assert better.name == "helpful"
    assert better.instructions.startswith("harness c0001 of run helpful, judge simulated")
    assert "on the sealed test split" in better.instructions
    assert 0 <= better(trace=traces[0]).value <= 1
    assert judge.align(traces, optimizer=optimizer).instructions == better.instructions


@pytest.mark.slow
def test_align_without_labels_says_so(store: None, here: Path) -> None:
    from meta_reward.use.mlflow_align import MetaReward

    judge = first_judge("helpful")
    with pytest.raises(UsageError, match=r"`meta-reward import` ended with exit code 1: .* no labels"):
        judge.align([trace_of("It was sent.")], optimizer=MetaReward(judge="simulated"))
