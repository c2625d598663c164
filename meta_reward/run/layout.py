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
class _In:
    """A path of a layout: a name in one of its folders."""

    folder: str
    """The attribute of the layout."""
    name: str

    def __get__(self, layout: object, kind: type) -> Path:
        folder: Path = getattr(layout, self.folder)
        return folder / self.name


class _History:
    """The paths in a history folder."""

    __slots__ = ()

    readme = _In("history", "README.md")
    interface = _In("history", "INTERFACE.md")
    taskset = _In("history", "taskset")
    ledger = _In("history", "ledger.jsonl")
    frontier = _In("history", "frontier.json")
    iterations = _In("history", "iterations.jsonl")
    outcomes = _In("history", "outcomes.jsonl")
    candidates = _In("history", "candidates")
    samples = _In("history", "samples")
    """Of a policy in training: what a refinement was made from, and what the judge said of it."""

    def samples_of(self, iteration: int) -> Path:
        """The folder of the samples that a refinement is made from."""
        return self.samples / f"{iteration:04d}"

    def candidate(self, folder: str) -> Path:
        """The folder of a candidate on the search split. folder: such as `c0007-policy-check`."""
        return self.candidates / folder


@dataclass(frozen=True, slots=True)
class HistoryLayout(_History):
    """The paths of a history folder: a run's own, or the view of it that a proposer is given."""

    path: Path

    @property
    def history(self) -> Path:
        return self.path


@dataclass(frozen=True, slots=True)
class Layout(_History):
    """The paths of one run."""

    root: Path

    config = _In("root", "run.toml")
    best = _In("root", "harness.py")
    history = _In("root", "history")
    instructions = _In("root", "instructions.md")
    hints = _In("root", "hints.jsonl")
    """A person's advice to the proposer."""
    events = _In("root", "events.jsonl")
    """What happened, as it happened; neither in git nor part of the record."""
    sealed_taskset = _In("sealed", "taskset.json")
    """The content of the task set when the run was made; it names the tasks of every split."""
    decisions = _In("sealed", "decisions.jsonl")
    """Every decision on the run, a line each, never changed."""
    decision = _In("root", "decision.json")
    """The last of them, for people and for whatever uses the result."""
    test_result = _In("sealed", "test.json")
    report = _In("root", "report.html")
    """What `meta-reward report` writes; neither in git nor part of the record."""
    work = _In("root", ".work")
    set_aside = _In("work", "set-aside")
    """Files that were in the way of the search, and not its own."""
    summaries = _In("work", "summaries")
    """Of candidates' traces, written by a model for proposers that see no more of them."""
    steps = _In("root", "mpo/steps.jsonl")
    """A line for each step of a policy in training: its rewards and what is true of it, which no proposer sees."""
    checkpoints = _In("root", "mpo/checkpoints")
    """The policy, a folder for each refinement and one at the end, by step. Not in git: a policy may be large."""
    account = _In("work", "account.jsonl")
    objective_account = _In("work", "account-objective.jsonl")
    """What a learned reward, by which the run is scored, has cost."""
    discarded = _In("work", "discarded.jsonl")
    """The cost of sessions that did not end, one line each."""
    mlflow = _In("work", "mlflow.json")
    """Which run in MLflow this one is."""
    stop = _In("work", "stop.json")

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
    def journals(self) -> Path:
        """Also below a random name: the name of a journal tells what is being evaluated on which split."""
        return self.work / "evaluations" / self.sealed.name

    def sealed_evaluation(self, split: str, folder: str) -> Path:
        """The folder of a candidate on the validation or the test split."""
        return self.sealed / split / folder

    def official(self, split: str, folder: str) -> Path:
        """The folder with the trusted outcomes of a candidate on a split that is scored by a learned reward."""
        return self.sealed / "official" / split / folder

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

    def checkpoint(self, step: int) -> Path:
        """The policy after so many steps."""
        return self.checkpoints / f"{step:05d}"

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
