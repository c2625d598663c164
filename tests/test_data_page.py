"""docs/data.md and docs/logs.md are true: examples import as the formats they name, mistakes read as the page says."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meta_reward.tasks.importers.registry import FORMATS
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.cli.test_import import MISTAKES, lines, run
from tests.conftest import PROJECT

PAGE = "\n".join((PROJECT / "docs" / name).read_text() for name in ("data.md", "logs.md"))
EXAMPLES = {
    name: (format, text)
    for name, format, text in re.findall(r"^\*\*`(\S+)`\*\*, format `(\S+)`.*?^```\n(.*?)^```", PAGE, re.DOTALL | re.M)
}
LABELS = re.findall(r"^and `labels.jsonl`:\n\n```\n(.*?)^```", PAGE, re.DOTALL | re.M)[0]
CALL = {"id": "c", "name": "add", "args": {"x": 1, "y": 1}}
EXPORTS: dict[str, dict[str, list[Any]]] = {
    "observations.jsonl": {
        "scores.jsonl": [{"trace_id": id, "name": "correctness", "value": value} for id, value in (("a", 1), ("b", 0))],
        "observations.jsonl": [
            {
                "trace_id": id,
                "type": "GENERATION",
                "start_time": "2026-01-01 00:00:00.000000",
                "input": json.dumps({"messages": [{"role": "user", "content": "1 + 1?"}]}),
                "output": json.dumps({"role": "assistant", "content": id}),
            }
            for id in "ab"
        ],
    },
    "runs.jsonl": {
        "runs.jsonl": [
            {
                "id": id,
                "inputs": {"question": "1 + 1?"},
                "outputs": {
                    "messages": [
                        {"type": "human", "content": "1 + 1?"},
                        {"type": "ai", "content": "", "tool_calls": [CALL]},
                        {"type": "tool", "content": "2", "tool_call_id": "c"},
                        {"type": "ai", "content": id},
                    ]
                },
                "feedback_stats": {"correctness": {"n": 1, "avg": float(id == "a")}},
            }
            for id in "ab"
        ]
    },
}
"""What Langfuse and LangSmith export, by a file of it."""
TOLD = dict(re.findall(r"^\d+\. (.+?): .+\n\n   ```\n   (.*)\n   ```$", PAGE, re.M))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_a_whole_file_that_imports(meta_reward: MetaReward, here: Path, name: str) -> None:
    format, text = EXAMPLES[name]
    (here / name).write_text(text)
    (here / "labels.jsonl").write_text(LABELS)
    more = {"atif": ("--label-key", "extra.score"), "claude-code": ("--labels", "labels.jsonl")}.get(format, ())
    ran = meta_reward("import", name, "--name", "x", "--dry-run", "--json", *more)
    assert ran.code == 0, ran
    told = json.loads(ran.out)
    assert (told["formats"], told["pairs"]["all"], told["skipped"]) == ([format], 3 if format == "ranked" else 1, [])


def test_every_format_has_an_example() -> None:
    assert {format for format, _ in EXAMPLES.values()} == set(FORMATS)


@pytest.mark.parametrize("name", EXPORTS)
def test_ten_lines_make_rows_of_an_export(meta_reward: MetaReward, here: Path, name: str) -> None:
    code = next(code for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.M) if name in code)
    assert len([line for line in code.splitlines() if line]) <= 10
    for file, rows in EXPORTS[name].items():
        lines(here / file, rows)
    ran = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0, ran.stderr
    (here / "rows.jsonl").write_text(ran.stdout)
    told = json.loads(meta_reward("import", "rows.jsonl", "--name", "x", "--dry-run", "--json").out)
    assert (told["formats"], told["pairs"]["all"], told["skipped"]) == (["labelled"], 1, [])


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
