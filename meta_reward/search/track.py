"""Log a run to MLflow: its settings, the score of every candidate, what was spent, and the decision.

MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME say where. A search that is resumed continues the same MLflow run.
Scores on the search split are optimistic, as everywhere. The decision is a tag.
"""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.run.config import load_run_config
from meta_reward.run.events import CANDIDATE, DECISION, END, ITERATION, LEADER, Event
from meta_reward.run.layout import Layout

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_EXPERIMENT = "meta-reward"
_ENDS = {"finished": "FINISHED", "stopped": "KILLED", "interrupted": "KILLED"}


def check_mlflow() -> None:
    """Raise UsageError if MLflow is not installed."""
    if importlib.util.find_spec("mlflow") is None:
        raise UsageError("mlflow is not installed", hint="pip install 'meta-reward[mlflow]'")


class MlflowTracker:
    """A handler of events, for `listening`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._client: MlflowClient | None = None
        self._run = ""

    def __call__(self, event: Event) -> None:
        """Log an event. Raises what MLflow raises."""
        facts = event.facts
        if event.event == CANDIDATE and facts["score"] is not None:
            self._log({"search": facts["score"]}, step=int(facts["id"][1:]))
        elif event.event == LEADER:
            self._log({"leader_search": facts["score"]}, step=int(facts["id"][1:]))
        elif event.event == ITERATION:
            self._log({f"judge_{name}": value for name, value in facts["spent"].items()}, step=facts["iteration"])
        elif event.event == DECISION:
            self._tag(
                {"chosen": facts["chosen"], "untested": facts["untested"], "p": facts["p"], "decision": event.text}
            )
        elif event.event == END:
            self._tag({"ended": event.text})
            self._open().set_terminated(self._run, _ENDS.get(facts["state"], "FAILED"))

    def _log(self, metrics: dict[str, float], *, step: int) -> None:
        client = self._open()
        for name, value in metrics.items():
            client.log_metric(self._run, name, value, step=step)

    def _tag(self, tags: Mapping[str, object]) -> None:
        client = self._open()
        for name, value in tags.items():
            client.set_tag(self._run, name, "" if value is None else str(value))

    def _open(self) -> "MlflowClient":
        """The client; the MLflow run is opened or created first."""
        if self._client is None:
            from mlflow.tracking import MlflowClient

            client = MlflowClient()
            self._run = self._known(client) or self._create(client)
            self._client = client
        return self._client

    def _known(self, client: "MlflowClient") -> str:
        """The id of the MLflow run that an earlier start of this run made; empty if there is none."""
        try:
            known = files.load_json(self._layout.mlflow)
            if (known["uri"], known["of"]) != (_uri(), self._place()):
                return ""
            client.update_run(known["run"], status="RUNNING")
            return str(known["run"])
        except (DataError, KeyError, TypeError):
            return ""

    def _create(self, client: "MlflowClient") -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or _EXPERIMENT
        experiment = client.get_experiment_by_name(name)
        id = experiment.experiment_id if experiment else client.create_experiment(name)
        run = client.create_run(id, run_name=self._layout.root.name).info.run_id
        files.write_json(self._layout.mlflow, {"uri": _uri(), "of": self._place(), "run": run})
        for key, value in self._settings().items():
            client.log_param(run, key, value)
        return str(run)

    def _place(self) -> str:
        """The folder of the run; a copy in another folder gets its own MLflow run."""
        return str(self._layout.root.resolve())

    def _settings(self) -> dict[str, object]:
        config = load_run_config(self._layout.config)
        return {
            "taskset": Path(config.taskset).name,
            "digest": config.digest,
            "judge": config.judge.spec,
            "simulated": config.judge.spec.partition(":")[0] == "simulated",
            "proposer": config.proposer.spec,
            "candidates": config.proposer.candidates,
            "seed": config.seed,
            "sandbox": config.sandbox,
        }


def _uri() -> str:
    from mlflow import get_tracking_uri

    return str(get_tracking_uri())
