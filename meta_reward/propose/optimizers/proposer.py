"""The search's side of an optimizer: starts a process for each session, which reads its job from `job.json`."""

import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from meta_reward import files
from meta_reward.errors import ProposerError, ProposerUnavailable, UsageError
from meta_reward.propose.base import Assignment
from meta_reward.propose.command import CommandProposer
from meta_reward.propose.optimizers.session import UNAVAILABLE, Job
from meta_reward.propose.writer import make_writer
from meta_reward.run.settings import ProposerSettings

_PACKAGES = {"gepa": "gepa", "openevolve": "openevolve"}
"""The package that each optimizer needs; `meta-reward` has an extra of the same name."""


@dataclass(frozen=True, slots=True)
class OptimizerProposer:
    """Runs an optimizer that asks a writing model."""

    name: str
    settings: ProposerSettings

    @property
    def repairs(self) -> bool:
        return False

    def check(self) -> None:
        """Raise UsageError if its package or its writing model is missing."""
        package = _PACKAGES.get(self.name)
        if package and find_spec(package) is None:
            what = f"proposer {self.name} needs the package {package}"
            raise UsageError(what, hint=f"pip install 'meta-reward[{self.name}]'")
        make_writer(self.settings.writing_model, self.settings.writer_settings, self.settings.kind).check()

    async def propose(self, assignment: Assignment) -> None:
        self.check()
        path = assignment.staging.parent / "job.json"
        files.write_json(path, asdict(self._job(assignment)))
        command = (sys.executable, "-P", "-m", "meta_reward.propose.optimizers", self.name, str(path))
        try:
            await CommandProposer(command, self.settings.minutes, repairs=False).propose(assignment)
        except ProposerError as error:
            said = error.what.partition(f"exit code {UNAVAILABLE}: ")[2]
            if said:
                model = self.settings.writing_model
                raise ProposerUnavailable(f"the writer {model}: {said}", hint="see --writer") from None
            raise

    def _job(self, assignment: Assignment) -> Job:
        limits = [usd for usd in (assignment.max_usd, self.settings.max_usd) if usd]
        return Job(
            view=str(Path(assignment.view).resolve()),
            staging=str(assignment.staging),
            transcript=str(assignment.transcript),
            iteration=assignment.iteration,
            candidates=assignment.candidates,
            seed=assignment.seed,
            instructions=assignment.instructions,
            writer=self.settings.writing_model,
            writer_settings=self.settings.writer_settings,
            max_usd=min(limits, default=0.0),
        )
