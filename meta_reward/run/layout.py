"""Where everything in a run directory is: the only module that knows its file names.

Sealed results are below one folder with a random name. A candidate may be able to ask whether a path exists, but it
cannot guess a path that tells which tasks validation and test hold. The name is found only in the folder `sealed` and
in git, and neither a proposer nor a candidate can list these.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

STUDY = "study.json"
"""What the folder of a study holds, and no run does."""
_RANDOM_CHARS = 32


@dataclass(frozen=True, slots=True)
class HistoryLayout:
    """The paths of a history folder: a run's own, or the view of it that a proposer is given."""

    path: Path

    @property
    def readme(self) -> Path:
        return self.path / "README.md"

    @property
    def interface(self) -> Path:
        return self.path / "INTERFACE.md"

    @property
    def taskset(self) -> Path:
        return self.path / "taskset"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.jsonl"

    @property
    def frontier(self) -> Path:
        return self.path / "frontier.json"

    @property
    def iterations(self) -> Path:
        return self.path / "iterations.jsonl"

    @property
    def outcomes(self) -> Path:
        return self.path / "outcomes.jsonl"

    @property
    def candidates(self) -> Path:
        return self.path / "candidates"

    def candidate(self, folder: str) -> Path:
        """The folder of a candidate on the search split. folder: such as `c0007-policy-check`."""
        return self.candidates / folder


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one run."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "run.toml"

    @property
    def best(self) -> Path:
        return self.root / "harness.py"

    @property
    def history(self) -> Path:
        return self.root / "history"

    @property
    def taskset(self) -> Path:
        return HistoryLayout(self.history).taskset

    @property
    def ledger(self) -> Path:
        return HistoryLayout(self.history).ledger

    @property
    def frontier(self) -> Path:
        return HistoryLayout(self.history).frontier

    @property
    def iterations(self) -> Path:
        return HistoryLayout(self.history).iterations

    @property
    def outcomes(self) -> Path:
        return HistoryLayout(self.history).outcomes

    @property
    def candidates(self) -> Path:
        return HistoryLayout(self.history).candidates

    @property
    def instructions(self) -> Path:
        return self.root / "instructions.md"

    @property
    def sealed(self) -> Path:
        """The folder with the random name; `sealed` itself in a run without one."""
        above = self.root / "sealed"
        return next((path for path in sorted(above.glob("*")) if len(path.name) == _RANDOM_CHARS), above)

    def make_sealed(self) -> None:
        """Make the folder with the random name, unless something is sealed already."""
        above = self.root / "sealed"
        if not any(above.glob("*")):
            (above / secrets.token_hex(_RANDOM_CHARS // 2)).mkdir(parents=True)

    @property
    def sealed_taskset(self) -> Path:
        """The content of the task set when the run was made; it names the tasks of every split."""
        return self.sealed / "taskset.json"

    @property
    def hints(self) -> Path:
        """A person's advice to the proposer."""
        return self.root / "hints.jsonl"

    @property
    def events(self) -> Path:
        """What happened, as it happened; neither in git nor part of the record."""
        return self.root / "events.jsonl"

    @property
    def decisions(self) -> Path:
        """Every decision on the run, a line each, never changed."""
        return self.sealed / "decisions.jsonl"

    @property
    def decision(self) -> Path:
        """The last of them, for people and for whatever uses the result."""
        return self.root / "decision.json"

    @property
    def test_result(self) -> Path:
        return self.sealed / "test.json"

    @property
    def work(self) -> Path:
        return self.root / ".work"

    @property
    def journals(self) -> Path:
        """Also below a random name: the name of a journal tells what is being evaluated on which split."""
        return self.work / "evaluations" / self.sealed.name

    @property
    def set_aside(self) -> Path:
        """Files that were in the way of the search, and not its own."""
        return self.work / "set-aside"

    @property
    def account(self) -> Path:
        return self.work / "account.jsonl"

    @property
    def discarded(self) -> Path:
        """The cost of sessions that did not end, one line each."""
        return self.work / "discarded.jsonl"

    @property
    def mlflow(self) -> Path:
        """Which run in MLflow this one is."""
        return self.work / "mlflow.json"

    @property
    def stop(self) -> Path:
        return self.work / "stop.json"

    def candidate(self, folder: str) -> Path:
        """The folder of a candidate on the search split."""
        return HistoryLayout(self.history).candidate(folder)

    def sealed_evaluation(self, split: str, folder: str) -> Path:
        """The folder of a candidate on the validation or the test split."""
        return self.sealed / split / folder

    @staticmethod
    def repeated(split: str, repeat: int) -> str:
        """What a split is called where a candidate is evaluated on it again with fresh draws. repeat: 0 at first."""
        return f"{split}.{repeat}" if repeat else split

    def evaluation(self, split: str, folder: str) -> Path:
        """The folder with the results of a candidate on a split."""
        return self.candidate(folder) if split == "search" else self.sealed_evaluation(split, folder)

    def journal(self, split: str, folder: str) -> Path:
        """The journal of finished results of an evaluation under way."""
        return self.journals / f"{folder}-{split}.jsonl"

    def session(self, iteration: int) -> Path:
        """The folder of a proposer's session: history and staging side by side."""
        return self.work / f"session-{iteration:04d}"

    def staging(self, iteration: int) -> Path:
        """Where a proposer leaves its candidates."""
        return self.session(iteration) / "staging"

    def empty_session(self, iteration: int) -> Path:
        """The record of a session that left no candidate."""
        return self.history / "sessions" / f"{iteration:04d}"

    def transcript(self, iteration: int) -> Path:
        """The raw record of a session, written while it runs."""
        return self.session(iteration) / "transcript.jsonl"

    def session_record(self, iteration: int) -> Path:
        """Written when a session has ended: staging is complete then."""
        return self.session(iteration) / "session.json"
