"""MLflow's `align` with sealed numbers: traces of the made-up airline desk, labelled, and a simulated judge.

    python examples/mlflow_align.py skyways-align

Logs the trajectories of tasks/skyways to a local store in that folder, lets `judge.align` search, and prints what it
came to. The same call on your traces, with your judge and `max_usd`, is all it takes. Needs `pip install mlflow`.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import AssessmentSource
from mlflow.genai.judges import make_judge

from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Rollout, message_to_json
from meta_reward.use.mlflow_align import MetaReward

NAME = "resolved"
DESK = AssessmentSource(source_type="CODE", source_id="grader of the desk")


def main(folder: Path) -> None:
    taskset = load_task_set(Path(__file__).parents[1] / "tasks" / "skyways")
    folder.mkdir()
    os.chdir(folder)
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    logged = {log(rollout): rollout for rollout in taskset.rollouts.values()}
    mlflow.flush_trace_async_logging()
    for trace_id, rollout in logged.items():
        mlflow.log_feedback(trace_id=trace_id, name=NAME, value=bool(rollout.success), source=DESK)
    traces = mlflow.search_traces(return_type="list", max_results=len(logged))
    print(f"{len(traces)} traces logged", flush=True)
    judge = make_judge(name=NAME, instructions="Was the request resolved? {{ outputs }}", model="openai:/gpt-4o")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("meta_reward").setLevel(logging.INFO)
    better = judge.align(traces, optimizer=MetaReward(judge="simulated"))
    print(better.instructions)
    for trace in traces[:4]:
        feedback: Any = better(trace=trace)
        print(f"{trace.info.assessments[0].value}: {feedback.value}")


def log(rollout: Rollout) -> str:
    """The id of a trace as an agent of yours would leave it: what was asked of it, and the conversation."""
    system: dict[str, Any] = {"role": "system", "content": rollout.trajectory.policy}
    first, *others = map(message_to_json, rollout.trajectory.messages)
    with mlflow.start_span("desk") as root:
        root.set_inputs({"task": rollout.task})
        with mlflow.start_span("agent", span_type="CHAT_MODEL") as span:
            span.set_inputs({"messages": [system, first]})
            span.set_outputs({"messages": others})
    return root.trace_id


if __name__ == "__main__":
    main(Path(sys.argv[1]))
