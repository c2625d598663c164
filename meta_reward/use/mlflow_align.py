"""An optimizer for MLflow's judges that runs a search over labelled traces:

    judge = make_judge(name="helpful", ...)
    better = judge.align(traces, optimizer=MetaReward(judge="openai:gpt-5-mini", max_usd=25))

Labels are the traces' assessments with the judge's name; pairs come from traces with the same inputs. The task set and
the run go where the command line puts them, `./tasks` and `./runs`, under the judge's name: repeating the call resumes
where it stopped. At the end the sealed test split is opened, and `better.instructions` has the result.
"""

import logging
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.use.adapter import needs
from meta_reward.use.mlflow import RewardJudge, reward_judge

with needs("MLflow", "meta-reward[mlflow]"):
    from mlflow.entities import Trace
    from mlflow.genai.judges import Judge
    from mlflow.genai.judges.base import AlignmentOptimizer

_log = logging.getLogger("meta_reward")
_PROGRAM = (sys.executable, "-c", "from meta_reward.cli import main; main()")


class MetaReward(AlignmentOptimizer):
    """Runs `import`, `search` and `test`. Their output is logged at level INFO."""

    def __init__(self, *, run: str | None = None, **options: Any) -> None:
        """run: the name of the run; by default the judge's. options: those of `search` on the command line, such as
        `judge`, `max_usd`, `proposer` or `iterations`."""
        self.run = run
        self.options = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]

    def align(self, judge: Judge, traces: list[Trace]) -> RewardJudge:
        """A judge that scores with the harness that the search chose. Raises UsageError if a step fails."""
        name = self.run or re.sub(r"[^\w-]+", "-", judge.name).strip("-").lower()
        stored, lines = Path(f"{name}.traces.jsonl"), "".join(f"{trace.to_json()}\n" for trace in traces).encode()
        if not (Path("tasks", name).exists() and stored.exists() and stored.read_bytes() == lines):
            files.write_bytes(stored, lines)
            _meta_reward("import", str(stored), "--name", name, "--format", "mlflow", "--label-key", judge.name)
        _meta_reward("search", name, "--run", name, *self.options)
        _meta_reward("test", name)
        return reward_judge(Path("runs", name), name=judge.name)


def _meta_reward(*words: str) -> None:
    said: Sequence[str] = ()
    with subprocess.Popen([*_PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            _log.info("%s", line.rstrip())
            said = [*said[-1:], line.strip()]
    if process.returncode:
        raise UsageError(f"`meta-reward {words[0]}` ended with exit code {process.returncode}: {' '.join(said)}")
