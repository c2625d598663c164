"""Where everything in a run directory is: the only module that knows its file names.

All sealed results are in one folder with a random name. A candidate may be able to test whether a path exists, but it
cannot guess a path that reveals which tasks are in validation and test. The name appears only in the folder `sealed`
and in git, and neither proposers nor candidates can list these.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

STUDY = "study.json"
"""Only the folder of a study holds this file; a run does not."""
_RANDOM_CHARS = 32


@dataclass(frozen=True, slots=True)
class _In:
    """A path in a layout: a file name in one of the layout's folders."""

    folder: str
    """The layout's attribute that holds the folder."""
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
    traces = _In("history", "traces")
    """Trajectories of an agent in use, if the run was given any."""
    samples = _In("history", "samples")
    """Samples of a policy in training: what each refinement was made from, and what the judge said about them."""

    def samples_of(self, iteration: int) -> Path:
        """The folder of the samples from which an iteration refines the reward."""
        return self.samples / f"{iteration:04d}"

    def candidate(self, folder: str) -> Path:
        """The folder of a candidate, with its results on the search split. folder: such as `c0007-policy-check`."""
        return self.candidates / folder


@dataclass(frozen=True, slots=True)
class HistoryLayout(_History):
    """The paths of a history folder: the run's own, or the copy that a proposer sees."""

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
    """A log of what happens in the run; neither in git nor part of the record."""
    sealed_taskset = _In("sealed", "taskset.json")
    """Digests of the task set's content when the run was created; it names the tasks of every split."""
    decisions = _In("sealed", "decisions.jsonl")
    """Every decision on the run, one per line, append-only."""
    decision = _In("root", "decision.json")
    """The last decision, for people and for programs that use the result."""
    test_result = _In("sealed", "test.json")
    report = _In("root", "report.html")
    """What `meta-reward report` writes; neither in git nor part of the record."""
    work = _In("root", ".work")
    set_aside = _In("work", "set-aside")
    """Files that were in the way of the search but did not come from it."""
    summaries = _In("work", "summaries")
    """Summaries of candidates' traces, written by a model for proposers that do not see the traces themselves."""
    steps = _In("root", "mpo/steps.jsonl")
    """One line per training step of a policy: its rewards and its true outcomes, which no proposer sees."""
    checkpoints = _In("root", "mpo/checkpoints")
    """The policy by step: one folder per refinement and one at the end. Not in git, because a policy may be large."""
    account = _In("work", "account.jsonl")
    """The billing log of the run's judge."""
    objective_account = _In("work", "account-objective.jsonl")
    """The billing log of the learned reward that scores the run, if there is one."""
    discarded = _In("work", "discarded.jsonl")
    """The cost of sessions that did not end, one line each."""
    mlflow = _In("work", "mlflow.json")
    """The MLflow run that this run is tracked as."""
    stop = _In("work", "stop.json")

    @property
    def sealed(self) -> Path:
        """The folder with the random name; in a run without one, `sealed` itself."""
        above = self.root / "sealed"
        return next((path for path in sorted(above.glob("*")) if len(path.name) == _RANDOM_CHARS), above)

    def make_sealed(self) -> None:
        """Create the folder with the random name, unless `sealed` has content already."""
        above = self.root / "sealed"
        if not any(above.glob("*")):
            (above / secrets.token_hex(_RANDOM_CHARS // 2)).mkdir(parents=True)

    @property
    def journals(self) -> Path:
        """Also in a folder with a random name: a journal's name tells what is being evaluated on which split."""
        return self.work / "evaluations" / self.sealed.name

    def sealed_evaluation(self, split: str, folder: str) -> Path:
        """The folder with the results of a candidate on the validation or test split."""
        return self.sealed / split / folder

    def official(self, split: str, folder: str) -> Path:
        """The folder with a candidate's trusted outcomes on a split that a learned reward scores."""
        return self.sealed / "official" / split / folder

    @staticmethod
    def repeated(split: str, repeat: int) -> str:
        """The name of a split in a repeated evaluation with fresh draws. repeat: 0 for the first evaluation."""
        return f"{split}.{repeat}" if repeat else split

    def evaluation(self, split: str, folder: str) -> Path:
        """The folder with the results of a candidate on a split."""
        return self.candidate(folder) if split == "search" else self.sealed_evaluation(split, folder)

    def journal(self, split: str, folder: str) -> Path:
        """The journal of finished results of an unfinished evaluation."""
        return self.journals / f"{folder}-{split}.jsonl"

    def checkpoint(self, step: int) -> Path:
        """The folder of the policy after this many steps."""
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
        """The file that is written when a session has ended; from then on its staging folder is complete."""
        return self.session(iteration) / "session.json"
