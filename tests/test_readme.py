"""The README and the pages in docs/ are true: help text, commands, links, paths, harness, first steps."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from meta_reward.cli import app
from meta_reward.models.registry import make_backend
from meta_reward.run.settings import RunConfig
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import load_task_set, save_task_set
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.conftest import PROJECT, made_once
from tests.test_makefile import make

PAGES = {
    path.relative_to(PROJECT).as_posix(): path.read_text()
    for path in (
        *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "tasks/README.md", "runs/README.md")),
        *sorted((PROJECT / "docs").glob("*.md")),
        *sorted((PROJECT / "skills").glob("*/SKILL.md")),
    )
}
ALL = "\n".join(PAGES.values())
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(page: str) -> list[tuple[str, str]]:
    """The kind and the text of each fenced block."""
    return [(kind, body.replace("\\\n", "")) for kind, body in _FENCED.findall(page)]


BLOCKS = [block for page in PAGES.values() for block in _blocks(page)]
LONGEST = {"README.md": 120}


def block_with(text: str) -> str:
    return next(body for _, body in BLOCKS if text in body)


def anchors_of(page: str) -> set[str]:
    """The names by which GitHub links to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tau_bench_results(tasks: int) -> list[dict[str, object]]:
    """A results file in which each task has two successes and two failures."""
    return [
        {
            "task_id": task,
            "trial": trial,
            "reward": float(trial % 2),
            "info": {},
            "traj": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": f"Cancel order {task}."},
                {"role": "assistant", "content": f"I did that for {task}, in trial {trial}."},
            ],
        }
        for task in range(tasks)
        for trial in range(4)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_is_short(name: str) -> None:
    assert len(PAGES[name].splitlines()) <= LONGEST.get(name, 150)


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[name]):
        path, _, anchor = target.partition("#")
        page = (PROJECT / name).parent / path if path else PROJECT / name
        assert page.exists(), target
        assert not anchor or anchor in anchors_of(page.read_text()), target


def test_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w./-]+)\)", PAGES["README.md"]))
    assert {name for name in PAGES if name.startswith("docs/")} <= linked


def test_readme_shows_a_real_judge_before_the_simulated_one() -> None:
    page = PAGES["README.md"]
    assert 0 < page.index("--judge anthropic:") < page.index("simulated judge")


def test_simulated_numbers_are_said_to_be_simulated() -> None:
    shown = [body for _, body in BLOCKS if "agreement" in body and re.search(r"\d\d\.\d%", body)]
    assert [body for body in shown if not re.search("judge simulated|simulated judge", body)] == []


def test_help_in_the_docs_is_what_the_command_prints(meta_reward_process: MetaReward) -> None:
    assert block_with("Usage: meta-reward") == meta_reward_process("--help").out


@pytest.fixture(scope="module")
def skyways(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small part of skyways, with tasks that the docs name."""
    return made_once(tmp_path_factory, "part-of-skyways", _part_of_skyways) / "skyways"


def _part_of_skyways(folder: Path) -> None:
    whole = load_task_set(PROJECT / "tasks" / "skyways")
    splits = {"search": ("t026", "t053"), "validation": ("t002", "t004"), "test": ("t006", "t008")}
    rollouts, pairs = whole.part(tuple(task for tasks in splits.values() for task in tasks))
    save_task_set(
        folder / "skyways", whole.about, policy=whole.policy, tools=whole.tools, rollouts=rollouts, pairs=pairs
    )
    (folder / "skyways" / "splits.json").write_text(json.dumps(splits))


def commands_in(text: str, program: str = "meta-reward") -> list[list[str]]:
    """The calls of a program in a block, as words."""
    return [shlex.split(line, comments=True)[1:] for line in text.splitlines() if line.startswith(f"{program} ")]


def parse(words: list[str]) -> None:
    """Read a call as the command line does, and run nothing. Raises what is wrong with it."""
    command: click.Command = app
    context = command.make_context("meta-reward", list(words))
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(found.name, rest, parent=context)


def test_every_command_that_the_docs_name_is_one() -> None:
    quoted = [shlex.split(text)[1:] for text in re.findall(r"`(meta-reward [^`\n]+)`", ALL)]
    told = [words for _, block in BLOCKS if "Usage:" not in block for words in commands_in(block)]
    assert (len(quoted) > 15, len(told) > 15) == (True, True)
    for words in [*quoted, *told]:
        if len(words) == 1 and words in quoted:  # named, and not called
            assert app.get_command(click.Context(app), words[0])
        else:
            parse(words if words != ["COMMAND", "--help"] else ["search"])
    with pytest.raises(click.UsageError):
        parse(["failures"])


def test_skill_says_who_it_is_and_names_each_step_as_a_command() -> None:
    _, front, body = PAGES["skills/meta-reward/SKILL.md"].split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    assert (set(fields), fields["name"]) == ({"name", "description"}, "meta-reward")
    assert len(fields["description"]) < 1024
    told = {words[0] for _, block in _blocks(body) for words in commands_in(block)}
    assert {"import", "search", "status", "test", "failures", "score"} <= told


def test_every_judge_of_the_docs_is_one() -> None:
    specs = re.findall(r"^--judge (\S+)", block_with("--judge openai:gpt"), re.MULTILINE)
    assert [make_backend(spec, {}).settings["kind"] for spec in specs] == [
        *("anthropic", "openai", "openai", "claude-code", "simulated")
    ]


def test_every_make_of_the_docs_is_understood(tmp_path: Path) -> None:
    quoted = [shlex.split(text)[1:] for text in re.findall(r"`(make [^`]+)`", ALL)]
    assert ["search"] in quoted
    for words in quoted:
        code, said, _ = make(tmp_path, *(["-n"] if words[0] in ("test", "install") else []), *words)
        assert (code, said) == (0, ""), words


def test_first_steps_of_the_docs_run_as_they_stand(
    meta_reward: MetaReward, here: Path, skyways: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "tasks").mkdir()
    shutil.copytree(skyways, here / "tasks" / "skyways")
    (here / "my_harness.py").write_text(block_with("async def reward"))
    assert meta_reward("search", "tasks/skyways", "--run", "skyways", "--iterations", 0).code == 0
    for words in commands_in(block_with("meta-reward failures")):
        ran = meta_reward(*words)
        assert (ran.code, ran.err) in [(0, ""), (0, "meta-reward: run skyways, the newest\n")], ran
    assert meta_reward("failures", "skyways", "c0002").code == 0
    monkeypatch.chdir(here / "runs" / "skyways")
    for line in block_with("git diff").splitlines():
        # A search of the seeds alone ends at c0003.
        done = subprocess.run(
            ["sh", "-c", line.replace("c0003", "c0001").replace("c0009", "c0002")], capture_output=True
        )
        assert (done.returncode, done.stderr, bool(done.stdout)) == (0, b"", True), line


def test_names_of_the_first_steps_are_in_the_search_split() -> None:
    whole = load_task_set(PROJECT / "tasks" / "skyways")
    search = splits_of(whole, RunConfig())["search"]
    named = re.findall(r"\b(t\d{3})(?:-[pr]\d)?\b", ALL)
    assert named
    assert set(named) <= set(search)


@pytest.mark.slow
def test_own_trajectories_of_the_docs_are_searched_as_they_say(meta_reward: MetaReward, here: Path) -> None:
    (here / "gpt-4o-airline.json").write_text(json.dumps(tau_bench_results(6)))
    (here / "policy.md").write_text("Be kind.")
    commands = commands_in(block_with("meta-reward evaluate seed_harnesses"))
    commands[3] = [*commands[3][:-4], "--iterations", "1", "--candidates", "1"]  # a short night
    for words in [*commands, *commands_in(block_with("judge noise tau-airline"))]:
        ran = meta_reward(*words)
        assert ran.code == 0, ran
    assert meta_reward("status").out.startswith("night-1: finished")


def test_harness_of_the_docs_is_valid(meta_reward_process: MetaReward, here: Path) -> None:
    (here / "mine.py").write_text(block_with("async def reward"))
    assert meta_reward_process("validate", "mine.py").out.startswith("mine.py: ok (parts: none)\n")


def test_judge_settings_of_the_docs_are_settings() -> None:
    settings = tomllib.loads(block_with("[judge.settings]"))["judge"]["settings"]
    assert make_backend("anthropic:m", settings).settings["temperature"] == settings["temperature"]


def test_paths_that_the_docs_name_exist() -> None:
    folders = "meta_reward|seed_harnesses|tasks|tests|benchmarks|docs|examples|skills|\\.ci"
    named = re.findall(rf"(?:`|python )((?:{folders})/[\w./-]*)", ALL)
    made = {"tasks/orders", "tasks/tau-airline", "tasks/reproduce", "tasks/NAME/"}  # by the reader
    assert len(named) > 30
    wanting = {name for name in named if "NAME" not in name and not (PROJECT / name).exists()}
    assert wanting <= made
