"""docs/data.md is true: each example imports as the format it names, and each mistake reads as the page says."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.cli.test_import import MISTAKES, lines, run
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "data.md").read_text()
EXAMPLES = {
    name: (format, text)
    for name, format, text in re.findall(r"^\*\*`(\S+)`\*\*, format `(\S+)`.*?^```\n(.*?)^```", PAGE, re.DOTALL | re.M)
}
TOLD = dict(re.findall(r"^\d+\. (.+?): .+\n\n   ```\n   (.*)\n   ```$", PAGE, re.M))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_a_whole_file_that_imports(meta_reward: MetaReward, here: Path, name: str) -> None:
    format, text = EXAMPLES[name]
    (here / name).write_text(text)
    ran = meta_reward("import", name, "--name", "x", "--dry-run", "--json")
    assert ran.code == 0, ran
    told = json.loads(ran.out)
    assert (told["formats"], told["pairs"]["all"], told["skipped"]) == ([format], 1, [])


def test_every_format_has_an_example() -> None:
    assert {format for format, _ in EXAMPLES.values()} == {
        "labelled", "pairs", "tau-bench", "tau2-bench", "plan-rewardbench"
    }  # fmt: skip


@pytest.mark.parametrize("title", TOLD)
def test_mistake_reads_as_the_page_says(meta_reward: MetaReward, here: Path, title: str) -> None:
    rows = MISTAKES[title if title in MISTAKES else title[0].lower() + title[1:]][0]
    lines(here / "runs.jsonl", rows)
    assert meta_reward("import", "runs.jsonl", "--name", "x").err == f"{TOLD[title]}\n"


@pytest.mark.slow
def test_readme_leads_from_60_runs_to_scores(meta_reward_process: MetaReward, here: Path) -> None:
    rows = [run(f"t{n}", int((n + again) % 3 != 0), f"Try {again}.") for n in range(20) for again in range(3)]
    lines(here / "runs.jsonl", rows)
    lines(here / "new-runs.jsonl", [{"messages": row["messages"]} for row in rows])
    readme = (PROJECT / "README.md").read_text()
    block = next(
        text for text in re.findall(r"^```\n(.*?)^```", readme, re.DOTALL | re.M) if "import runs.jsonl" in text
    )
    commands = [shlex.split(line)[1:] for line in block.splitlines()]
    assert [words[0] for words in commands] == ["import", "search", "test", "score"]
    for words in commands:
        brief = ("--iterations", "1") if words[0] == "search" else ()
        ran = meta_reward_process(*words, *brief, timeout=400)
        assert ran.code == 0, ran
    scored = [json.loads(line) for line in (here / "scored.jsonl").read_text().splitlines()]
    assert [line["score"] is None for line in scored] == [False] * 60
    assert "on the sealed test split" in ran.out


def test_page_has_ten_mistakes() -> None:
    assert len(TOLD) == 10
