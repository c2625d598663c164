"""The folder of a study, `runs/<name>/`: what it is about, its evaluations, and its tables.

    study.json      the study, its arguments and the digests of what it reads; its tables once all is measured
    study.md        the same tables for people
    harnesses/      programs that the study made
    evaluations/    a folder for each finished evaluation, with the files of one in a run
    .work/          the lock, billing logs, and journals of evaluations in progress

A study resumes where it was stopped. A folder that holds another study, a run or anything else is refused and left as
it is. Writes are atomic; one process holds the lock.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files, folders
from meta_reward.errors import DataError, UsageError
from meta_reward.run.layout import STUDY, Layout
from meta_reward.run.lock import locked

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Subject:
    """What a study is about. A study with the same subject is the same study, and resumes."""

    study: str
    """Such as `ablate`."""
    arguments: dict[str, Any]
    """What was asked for, by name; plain JSON, without limits."""
    inputs: dict[str, str]
    """Digests of what the study reads, each by what it is of."""

    @property
    def digest(self) -> str:
        return files.digest({"study": self.study, "arguments": self.arguments, "inputs": self.inputs})


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """The content of `study.json`."""

    schema: int = field(default=SCHEMA, kw_only=True)
    study: str
    arguments: dict[str, Any]
    inputs: dict[str, str]
    tables: Any = None
    """A dataclass of the study's own when written, plain JSON when read; None until everything is measured."""

    @property
    def subject(self) -> Subject:
        return Subject(self.study, self.arguments, self.inputs)


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """The paths of one study."""

    root: Path
    subject: Subject

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def record(self) -> Path:
        return self.root / STUDY

    @property
    def page(self) -> Path:
        return self.root / "study.md"

    @property
    def evaluations(self) -> Path:
        return self.root / "evaluations"

    @property
    def journals(self) -> Path:
        return self.root / ".work" / "evaluations"

    @property
    def key(self) -> str:
        """Identifies this study among the openings of a test split, so that resuming it counts no second one."""
        return f"study {self.name} {self.subject.digest[:16]}"

    def harness(self, name: str) -> Path:
        """The file of a program that the study made."""
        return self.root / "harnesses" / f"{name}.py"

    def evaluation(self, name: str) -> Path:
        """The folder of a finished evaluation."""
        return self.evaluations / name

    def journal(self, name: str) -> Path:
        """The file with the results so far of an evaluation in progress."""
        return self.journals / f"{name}.jsonl"

    def account(self, judge: str) -> Path:
        """The billing log of one judge's calls. judge: a name for it that is safe in a path."""
        return self.root / ".work" / f"account-{judge}.jsonl"

    def save(self, tables: object, page: str) -> None:
        """Write the tables. tables: a dataclass. page: the same as Markdown."""
        files.write_bytes(self.page, page.encode())
        files.write_json(self.record, _record(self.subject, tables))


@contextmanager
def open_study(root: Path, subject: Subject, *, anew: bool = False) -> Iterator[StudyFolder]:
    """The folder of a study, new or as it was left, locked within the block.

    anew: whether the study may start over if what it reads has changed; for studies that cost nothing.
    Raises UsageError if the folder holds anything else, RunInUse if another process works on it.
    """
    check_free(root, subject, anew=anew)
    with locked(Layout(root), what="study"):
        check_free(root, subject, anew=anew)  # again, now that nobody else can make it
        folders.sweep(root)
        if not (root / STUDY).exists() or load_study(root).subject != subject:
            files.write_json(root / STUDY, _record(subject, None))
        yield StudyFolder(root, subject)


def check_free(root: Path, subject: Subject, *, anew: bool = False) -> None:
    """Raise UsageError if a folder is taken by anything but this study. Writes nothing. anew: as in `open_study`."""
    if (root / STUDY).exists():
        known = load_study(root)
        same_question = (known.study, known.arguments) == (subject.study, subject.arguments)
        if known.subject != subject and not (anew and same_question):
            raise UsageError(f"{root} is another study: {_difference(known, subject)}", hint="pass another --name")
        return
    if Layout(root).config.exists():
        raise UsageError(f"{root} is a run, not a study", hint="pass another --name")
    if root.exists() and (not root.is_dir() or any(path.name != ".work" for path in root.iterdir())):
        raise UsageError(f"{root} exists and is not a study", hint="pass another --name")


def load_study(root: Path) -> StudyRecord:
    """The record of the study in a folder. Raises UsageError if there is none, DataError if it is damaged."""
    path = root / STUDY
    if not path.exists():
        what = "a run, not a study" if Layout(root).config.exists() else f"not a study: it has no {STUDY}"
        raise UsageError(f"{root} is {what}", hint="`meta-reward study --help` lists what makes one")
    data = files.load_json(path)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise DataError(path, f"is not a study of schema {SCHEMA}", hint="pass another --name")
    with files.reading(path):
        return StudyRecord(data["study"], dict(data["arguments"]), dict(data["inputs"]), data["tables"])


def _record(subject: Subject, tables: object) -> StudyRecord:
    return StudyRecord(subject.study, subject.arguments, subject.inputs, tables)


def _difference(known: StudyRecord, asked: Subject) -> str:
    """The first difference between two studies, as a clause."""
    if known.study != asked.study:
        return f"it is {known.study}, and {asked.study} was asked for"
    for name in {**known.arguments, **asked.arguments}:
        before, now = known.arguments.get(name), asked.arguments.get(name)
        if before != now:
            return f"its {name} is {_shown(before)}, and {_shown(now)} was asked for"
    changed = _changed(known.inputs, asked.inputs)
    return f"{changed} has changed since it was made"


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return next((name for name in {**before, **now} if before.get(name) != now.get(name)), "what it reads")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "empty"
    return "not given" if value is None else str(value)
