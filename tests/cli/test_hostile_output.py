"""A program may learn, print, answer and raise anything: nothing of it reaches a terminal or a browser as it is."""

import json
import re
from pathlib import Path

import pytest

from meta_reward.tasks.about import About
from meta_reward.tasks.texts import LabelledText, save_text_set
from tests.cli.conftest import MetaReward
from tests.report.serving import served

pytestmark = pytest.mark.slow  # a search, and a server

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
EVIL = r"\x1b[2J\x1b]0;owned\x07\u202e</script><script>alert(1)</script><img src=x onerror=alert(1)>\r\x00\x9b31m"
PROGRAM = f'''"""Evil <script>alert(1)</script>."""

EVIL = "{EVIL}"


async def learn(memory, example, model):
    return memory + EVIL + example.label + chr(10)


async def predict(memory, text, model):
    print(EVIL)
    await model.ask(EVIL + text)
    if text == "two":
        raise ValueError(EVIL)
    return EVIL
'''


def test_what_a_hostile_program_says_is_shown_harmlessly_everywhere(here: Path, meta_reward: MetaReward) -> None:
    name = "\x1b[31mred <script>alert(1)</script>"
    training = [LabelledText(f"t{n}", name, f"text {n}", "fine") for n in range(3)]
    texts = [
        LabelledText(f"x{n}", name, text, "fine") for n, text in enumerate(("one", "two", "three", "four", "five"))
    ]
    save_text_set(here / "tasks" / "set", About("set", kind="classify"), training=training, texts=texts)
    splits = {"search": ["x0", "x1", "x2"], "validation": ["x3"], "test": ["x4"]}
    (here / "tasks" / "set" / "splits.json").write_text(json.dumps(splits))
    (here / "evil").mkdir()
    (here / "evil" / "evil.py").write_text(PROGRAM)
    (here / "evil" / "baseline.py").write_text(
        '"""Nothing."""\n\n\nasync def predict(memory, text, model):\n    return "fine"\n'
    )

    said = [
        meta_reward(
            "search",
            "tasks/set",
            "--seeds",
            "evil",
            "--baseline",
            "evil/baseline.py",
            "--iterations",
            0,
            "--model",
            "simulated:reader",
        )
    ]
    assert said[0].code == 0, said[0].err
    asked = ("ledger", "failures set c0002", "flips set c0001 c0002", "diff set c0001 c0002", "status", "report")
    said += [meta_reward(*one.split()) for one in (*asked, *(f"trace set c0002 x{n} --full" for n in range(3)))]
    assert [ran.code for ran in said] == [0] * len(said), [ran.err for ran in said]
    shown = {ran.out + ran.err for ran in said}

    with served("view", "set", folder=here) as server:
        pages = [server.ask(path) for path in ("/", "/overview.json", "/candidate/c0002", "/pair/x1", "/trajectory/x1")]
    assert [page.status for page in pages] == [200, 200, 200, 404, 404]
    assert "/pair/" not in pages[2].text
    html = [pages[0].text, pages[2].text, (here / "runs/set/report.html").read_text()]
    assert not [text for text in html if "<script>alert" in text or "<img src=x" in text]

    candidate = next((here / "runs/set/history/candidates").glob("c0002-*"))
    read = [path for path in candidate.rglob("*") if path.is_file() and path.name != "harness.py"]
    assert {"x1.json", "items.jsonl"} < {path.name for path in read}
    assert {path.parent for path in read if path.suffix == ".md" and path.name != "proposal.md"} == {
        candidate / "memory"
    }
    assert all(path.name.isprintable() for path in read)
    assert not [text for text in [*shown, *html, *(path.read_text() for path in read)] if RAW.search(text)]
