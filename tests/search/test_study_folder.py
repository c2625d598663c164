"""A study's folder: it goes on with the same study, and is refused for anything else."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from meta_reward.errors import DataError, RunInUse, UsageError
from meta_reward.run.layout import STUDY, Layout
from meta_reward.run.runs import runs_in
from meta_reward.search.studies.folder import StudyRecord, Subject, load_study, open_study

ABLATE = Subject("ablate", {"run": "night-1", "split": "test"}, {"run night-1": "1f", "task set small": "2e"})


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[int, ...]


def test_new_study_says_what_it_is_about_and_that_nothing_is_measured_yet(tmp_path: Path) -> None:
    with open_study(tmp_path / "runs" / "ablate-night-1", ABLATE) as study:
        stored = orjson.loads(study.record.read_bytes())
    assert stored == {
        "schema": 1,
        "study": "ablate",
        "arguments": {"run": "night-1", "split": "test"},
        "inputs": {"run night-1": "1f", "task set small": "2e"},
        "tables": None,
    }


def test_same_study_goes_on_with_what_it_has(tmp_path: Path) -> None:
    with open_study(tmp_path / "s", ABLATE) as study:
        study.save(Table((1, 2)), "# Ablation\n")
    with open_study(tmp_path / "s", ABLATE) as study:
        assert study.page.read_text() == "# Ablation\n"
    assert load_study(tmp_path / "s") == StudyRecord("ablate", ABLATE.arguments, ABLATE.inputs, {"rows": [1, 2]})


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Subject("transfer", ABLATE.arguments, ABLATE.inputs), "it is ablate, and transfer was asked for"),
        (Subject("ablate", {"run": "night-1", "split": "validation"}, {}), "its split is test, and validation was"),
        (
            Subject("ablate", {"run": "night-1", "split": "test", "seeds": [1, 2]}, {}),
            "its seeds is not given, and 1 2",
        ),
        (Subject("ablate", ABLATE.arguments, {**ABLATE.inputs, "run night-1": "3d"}), "run night-1 has changed since"),
    ],
)
def test_another_study_of_the_same_name_is_refused_with_what_differs(tmp_path: Path, asked: Subject, why: str) -> None:
    with open_study(tmp_path / "s", ABLATE):
        pass
    before = (tmp_path / "s" / STUDY).read_bytes()
    with pytest.raises(UsageError, match=why), open_study(tmp_path / "s", asked):
        pass
    assert (tmp_path / "s" / STUDY).read_bytes() == before


def test_study_that_costs_nothing_is_made_anew_where_what_it_reads_has_changed(tmp_path: Path) -> None:
    changed = Subject("ablate", ABLATE.arguments, {"run night-1": "3d"})
    with open_study(tmp_path / "s", ABLATE) as study:
        study.save(Table((1, 2)), "# Ablation\n")
    with open_study(tmp_path / "s", changed, anew=True) as study:
        assert load_study(study.root) == StudyRecord("ablate", changed.arguments, changed.inputs, None)
    with (
        pytest.raises(UsageError, match="its run is night-1, and night-2 was asked for"),
        open_study(tmp_path / "s", Subject("ablate", {"run": "night-2", "split": "test"}, {}), anew=True),
    ):
        pass


def test_run_or_foreign_folder_is_never_taken_for_a_study(tmp_path: Path) -> None:
    for name, file in (("night-1", "run.toml"), ("notes", "mine.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("")
        with pytest.raises(UsageError, match=r"not a study|is no study"), open_study(tmp_path / name, ABLATE):
            pass
        assert [path.name for path in (tmp_path / name).iterdir()] == [file]
    with pytest.raises(UsageError, match=r"night-1 is a run, not a study"):
        load_study(tmp_path / "night-1")


def test_study_is_not_among_the_runs(tmp_path: Path) -> None:
    with open_study(tmp_path / "s", ABLATE):
        assert runs_in(tmp_path) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 9}', '{"schema": 1, "study": "ablate"}'])
def test_damaged_record_is_one_line_with_its_path(tmp_path: Path, content: str) -> None:
    with open_study(tmp_path / "s", ABLATE) as study:
        study.record.write_text(content)
    with pytest.raises(DataError, match=r"s/study\.json"), open_study(tmp_path / "s", ABLATE):
        pass


def test_second_process_is_told_who_works_on_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meta_reward.run.lock._PATIENCE_S", 0.05)
    hold = (
        "import sys\nfrom pathlib import Path\nfrom meta_reward.run.layout import Layout\n"
        "from meta_reward.run.lock import locked\n"
        "with locked(Layout(Path(sys.argv[1]))):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", hold, str(tmp_path / "s")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        in_use = f"study s is in use by process {process.pid}"
        with pytest.raises(RunInUse, match=in_use), open_study(tmp_path / "s", ABLATE):
            pass
        process.kill()


def test_study_killed_before_its_record_begins_anew(tmp_path: Path) -> None:
    Layout(tmp_path / "s").work.mkdir(parents=True)
    with open_study(tmp_path / "s", ABLATE) as study:
        assert study.record.exists()
