"""Optimizers of others as proposers: the real packages, a writing model on loopback, real searches."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.errors import ProposerUnavailable, UsageError
from meta_reward.propose.registry import make_proposer
from meta_reward.run.config import load_run_config
from meta_reward.run.ledger import load_ledger
from meta_reward.run.settings import ProposerSettings
from tests.endpoints import Endpoint, Fault, Said, Seen
from tests.search.conftest import World, harness, make_world

for package in ("gepa", "openevolve"):
    pytest.importorskip(package, reason=f"pip install 'meta-reward[{package}]'")

PACKAGES = [pytest.param(name, marks=pytest.mark.slow) for name in ("gepa", "openevolve")]
OPTIMIZERS = (*PACKAGES, "writer")
PRICES = {"price_input": 2.0, "price_output": 4.0}
ASKED = re.compile(r'judge\.ask\("(.*?)\\n"')


def rewrite(seen: Seen, *, adds: str = "") -> Said:
    """Another question in place of the last program's, in the form that the prompt asks for."""
    prompt = "\n".join(seen.texts)
    source = harness(f"Look closely, for the {seen.ordinal + 1}. time.") + adds
    if "<<<<<<< SEARCH" not in prompt:
        return Said(f"This should help.\n```python\n{source}```")
    shown = prompt.rpartition("# Current Program\n```python\n")[2].partition("```")[0]
    return Said(f"<<<<<<< SEARCH\n{shown}=======\n{source}>>>>>>> REPLACE")


def costly(seen: Seen) -> Said:
    return Said(rewrite(seen).text, usage={"prompt_tokens": 1000, "completion_tokens": 500})


def proposed_by(world: World, name: str, endpoint: Endpoint, **settings: object) -> World:
    """The world, with a new run whose optimizer asks the endpoint."""
    proposer = {"spec": name, "writer": f"openai:scribe@{endpoint.url}/v1", "candidates": 1, **settings}
    world.create(limits={"iterations": 0, "patience": 0, "max_usd": 100.0}, proposer=proposer)
    world.proposer = make_proposer(load_run_config(world.layout.config).proposer)
    return world


def asked_of_judge(world: World) -> list[str]:
    """What each candidate asks, in the order of their ids."""
    rows = load_ledger(world.layout.ledger)
    return [ASKED.findall((world.layout.candidate(row.folder) / "harness.py").read_text())[0] for row in rows]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_search_goes_on_with_what_an_optimizer_wrote_and_shows_it_nothing_sealed(tmp_path: Path, name: str) -> None:
    with Endpoint(rewrite) as endpoint:
        world = proposed_by(make_world(tmp_path), name, endpoint)
        world.search(1)
        world.search(2)
    times = [f"Look closely, for the {n}. time." for n in (1, 2)]
    assert asked_of_judge(world) == ["Rate this run.", *times]
    rows = load_ledger(world.layout.ledger)
    assert [(row.status, row.parents != ()) for row in rows] == [("scored", False), ("scored", True), ("scored", True)]
    assert (rows[1].score or 0) > (rows[0].score or 0)
    assert len(endpoint.seen) == 2
    cases = re.findall(r"Case (\d+)-", "".join(text for seen in endpoint.seen for text in seen.texts))
    shown = {f"t{int(case):02d}" for case in cases}
    assert shown
    assert shown <= set(world.open().splits["search"])


@pytest.mark.parametrize("name", PACKAGES)
def test_optimizer_brings_as_many_programs_as_are_asked_for(tmp_path: Path, name: str) -> None:
    with Endpoint(rewrite) as endpoint:
        world = proposed_by(make_world(tmp_path), name, endpoint, candidates=2)
        world.search(1)
    assert len(asked_of_judge(world)) == 3


def test_killed_session_begins_anew_and_asks_for_no_reply_twice(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Said | Fault:
        if seen.ordinal == 1:
            os.kill(session_process(), signal.SIGKILL)
            return Fault(how="drop")
        return rewrite(seen)

    with Endpoint(answer) as endpoint:
        world = proposed_by(make_world(tmp_path), "writer", endpoint, candidates=2)
        world.search(1)
    assert "it starts over" in "".join(world.notes)
    assert len(endpoint.seen) == 3
    assert asked_of_judge(world)[1:] == ["Look closely, for the 1. time.", "Look closely, for the 3. time."]


def session_process() -> int:
    """The process of the optimizer that this test has started."""
    children = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    (found,) = [pid for pid in children if b"propose.optimizers" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return int(found)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_program_of_a_writing_model_runs_in_the_sandbox_alone(tmp_path: Path, name: str) -> None:
    trap = tmp_path / "ran"
    with Endpoint(lambda seen: rewrite(seen, adds=f"\nopen({str(trap)!r}, 'w').close()\n")) as endpoint:
        world = proposed_by(make_world(tmp_path), name, endpoint)
        world.search(1)
    assert [row.status for row in load_ledger(world.layout.ledger)] == ["scored", "rejected"]
    assert not trap.exists()


def test_tokens_and_money_of_the_writing_model_are_those_of_the_session(tmp_path: Path) -> None:
    with Endpoint(costly) as endpoint:
        world = proposed_by(make_world(tmp_path), "writer", endpoint, candidates=2, writer_settings=PRICES)
        world.search(1)
    row = load_ledger(world.layout.ledger)[1]
    session = files.load_json(world.layout.candidate(row.folder) / "proposer" / "session.json")
    kept = ("turns", "input_tokens", "output_tokens", "cost_usd")
    assert [session[name] for name in kept] == [2, 2000, 1000, 0.008]


def test_session_ends_at_what_its_writing_model_may_cost(tmp_path: Path) -> None:
    with Endpoint(costly) as endpoint:
        limited = {"candidates": 5, "writer_settings": PRICES, "max_usd": 0.01}
        world = proposed_by(make_world(tmp_path), "writer", endpoint, **limited)
        world.search(1)
    assert len(endpoint.seen) == 3
    assert "used up what a session may cost" in "".join(world.notes)


@pytest.mark.slow
def test_useless_replies_end_a_session_and_not_the_search(tmp_path: Path) -> None:
    with Endpoint(lambda seen: Said("I would rather not.")) as endpoint:
        world = proposed_by(make_world(tmp_path), "openevolve", endpoint)
        world.search(1)
    assert "4 replies of the writer brought no new program" in "".join(world.notes)
    assert len(load_ledger(world.layout.ledger)) == 1


def test_writing_model_without_a_valid_key_stops_the_search(tmp_path: Path) -> None:
    with Endpoint(lambda seen: Fault(401, {"error": {"message": "bad key"}})) as endpoint:
        world = proposed_by(make_world(tmp_path), "writer", endpoint)
        with pytest.raises(ProposerUnavailable, match="the writer openai:scribe"):
            world.search(1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"spec": "gepa"}, "proposer gepa asks a model to write, and none is named: name one with --writer"),
        ({"spec": "gepa", "writer": "oracle:m"}, "--writer: unknown writer 'oracle:m'"),
        ({"spec": "gepa:fast", "writer": "simulated:writer"}, "proposer gepa takes no argument, and was given 'fast'"),
        ({"spec": "catalog", "writer": "simulated:writer"}, "--writer has no effect on proposer catalog"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(settings: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        make_proposer(ProposerSettings(**settings))


@pytest.mark.parametrize("name", ["gepa", "openevolve"])
def test_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=re.escape(f"pip install 'meta-reward[{name}]'")):
        make_proposer(ProposerSettings(name, writer="simulated:writer")).check()
