"""A tuned reward as a judge for MLflow, for `evaluate` and wherever MLflow takes a scorer:

    mlflow.genai.evaluate(data=traces, scorers=[reward_judge("runs/night-1", max_usd=5)])

It reads the trace or, without one, inputs and outputs. The value is from 0 to 1; a failure is a feedback with an error
and no value.
"""

from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from meta_reward.tasks.importers.mlflow_spans import run_of_spans
from meta_reward.tasks.importers.record import RowError
from meta_reward.use.adapter import WarmReward, needs
from meta_reward.use.scorer import Scored, unreadable
from meta_reward.use.trajectories import Unreadable, trajectory_of_run

with needs("MLflow", "meta-reward[mlflow]"):
    from mlflow.entities import AssessmentError, AssessmentSource, Feedback, Trace
    from mlflow.genai.judges import Judge
    from mlflow.genai.judges.base import JudgeField


class RewardJudge(Judge):
    """MLflow calls it with each trace. Its `instructions` say what it is, and its measured agreement."""

    _reward: WarmReward = PrivateAttr()

    def __init__(self, reward: WarmReward, name: str) -> None:
        super().__init__(name=name)
        self._reward = reward

    @property
    def instructions(self) -> str:
        return "\n".join(self._reward.loaded.about())

    @property
    def feedback_value_type(self) -> Any:
        return float

    def get_input_fields(self) -> list[JudgeField]:
        names = {"trace": "what the agent did", "inputs": "what it was asked", "outputs": "what it answered"}
        return [JudgeField(name=name, description=text) for name, text in names.items()]

    def __call__(
        self, *, inputs: Any = None, outputs: Any = None, trace: Trace | None = None, **others: Any
    ) -> Feedback:
        given = {"mlflow.spanInputs": inputs, "mlflow.spanOutputs": outputs}
        spans = [{"attributes": given}] if trace is None else trace.to_dict()["data"]["spans"]
        try:
            trajectory = trajectory_of_run(run_of_spans(spans), self._reward.loaded.shared)
        except (RowError, Unreadable) as error:
            return _feedback(self.name, unreadable(str(error)))
        return _feedback(self.name, self._reward.score_all([trajectory])[0])


def reward_judge(path: str | Path, *, name: str = "meta_reward", **options: Any) -> RewardJudge:
    """A judge. path, options: those of `load_reward`. name: of its feedback."""
    return RewardJudge(WarmReward(path, options), name)


def _feedback(name: str, scored: Scored) -> Feedback:
    source = AssessmentSource(source_type="LLM_JUDGE", source_id="meta-reward")
    if scored.error is not None:
        return Feedback(name=name, error=AssessmentError("NO_REWARD", scored.error), source=source)
    return Feedback(name=name, value=scored.from_0_to_1, rationale=scored.reason, source=source)
