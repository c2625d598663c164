"""No attack gets what it wants, and none disturbs an honest harness; without the lockdown they succeed.

`SANDBOX=none pytest tests/harness/test_attacks.py` runs the same attacks unprotected, and fails.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from meta_reward.harness import confinement
from meta_reward.harness.budget import Budget
from meta_reward.harness.level import Level
from meta_reward.kinds.made_up_world import PROMPT
from tests.harness.attacks.arena import HONEST_SCORE, LEVELS, PATIENT, Arena, Prey
from tests.harness.attacks.files import FILES
from tests.harness.attacks.harm import HARMS
from tests.harness.attacks.hosts import CORPUS_HARMS, FORGED_REQUESTS, NO_HOST, WORLD_HARMS
from tests.harness.attacks.processes import PROCESSES
from tests.harness.attacks.sockets import SOCKETS
from tests.harness.attacks.state import COUNTERS, RELAYS
from tests.harness.attacks.table import Attack, Counter, Harm, possible_here

FAMILIES = {"files": FILES, "sockets": SOCKETS, "processes": PROCESSES}
each_family = pytest.mark.parametrize("attacks", [pytest.param(table, id=name) for name, table in FAMILIES.items()])
UNDISTURBED = [HONEST_SCORE] * 2
RARELY_READ = {"strict": "antigravity.py", "locked": "this.py", "none": "nturl2path.py"}
HARMS_BY_TOOL = (
    ("while True: pass", "time-out"),
    ("os._exit(0)", "exit"),
    ("ctypes.string_at(0)", "crash"),
    ("raise SystemExit(0)", "exit"),
    ("class Odd(BaseException): pass\nraise Odd", "time-out"),
    ("bytearray(8 << 30)", "denied"),
    ("raw(frame({'type': 'result', 'call': 1, 'content': 'a'}) * 2)\nreturn False", "protocol"),
    ("raw(frame({'type': 'done', 'output': WON}))\ntime.sleep(60)", "won"),
)
SHORT = Budget(cpu_s=5, active_s=0.6, wall_s=20.0)
OTHERS = ("compare", "predict", "learn", "solve", "act")
"""The functions beside `reward`: quick tests try a sample of the attacks in each of them, slow ones all."""


@pytest.fixture(scope="module")
def prey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prey]:
    prey = Prey(tmp_path_factory.mktemp("prey"))
    yield prey
    prey.close()


@pytest.fixture(scope="module")
def arena(request: pytest.FixtureRequest, prey: Prey) -> Iterator[Arena]:
    with Arena(request.param, prey) as arena:
        yield arena


@pytest.fixture(scope="module")
def other(request: pytest.FixtureRequest, prey: Prey) -> Iterator[Arena]:
    """An arena of another function than `reward`; the parameter is its name and the level."""
    entry, level = request.param
    with Arena(level, prey, PATIENT, entry=entry) as arena:
        yield arena


@pytest.fixture(scope="module")
def short(request: pytest.FixtureRequest, prey: Prey) -> Iterator[Arena]:
    with Arena(request.param, prey, SHORT) as arena:
        yield arena


in_others = pytest.mark.parametrize("other", [(entry, LEVELS[0]) for entry in OTHERS], indirect=True, ids=OTHERS)
in_others_at_each_level = pytest.mark.parametrize(
    "other", [(entry, level) for entry in OTHERS for level in LEVELS], indirect=True, ids=lambda each: "-".join(each)
)
at_each_level = pytest.mark.parametrize("arena", LEVELS, indirect=True)
unprotected = pytest.mark.parametrize("arena", ["none"], indirect=True)


@at_each_level
@each_family
def test_attacks_are_denied_and_disturb_nobody(arena: Arena, attacks: Sequence[Attack]) -> None:
    ended, honest = arena.besiege(attacks)
    assert ended == {attack.name: attack.ends for attack in attacks}
    assert set(honest) == {HONEST_SCORE}


@at_each_level
@each_family
def test_attacks_by_a_tool_that_the_judge_calls_are_denied_too(arena: Arena, attacks: Sequence[Attack]) -> None:
    ended, honest = arena.besiege(attacks[::4], as_tool=True)
    assert ended == {attack.name: attack.ends for attack in attacks[::4]}
    assert set(honest) == {HONEST_SCORE}


@pytest.mark.slow
@unprotected
@each_family
def test_attacks_succeed_where_nothing_protects(arena: Arena, attacks: Sequence[Attack]) -> None:
    possible = possible_here(attacks)
    assert {attack.name: arena.run(attack.body) for attack in possible} == {attack.name: "won" for attack in possible}


@at_each_level
def test_nothing_left_behind_is_found_by_another_trajectory(arena: Arena) -> None:
    found = {relay.name: arena.relay(relay.leave, relay.find) for relay in RELAYS}
    assert [name for name, outcomes in found.items() if "won" in outcomes] == []


@pytest.mark.slow
@unprotected
def test_what_is_left_behind_is_found_where_nothing_protects(arena: Arena) -> None:
    possible = possible_here(RELAYS)
    found = {relay.name: arena.relay(relay.leave, relay.find) for relay in possible}
    (arena.prey.folder / "left").unlink()  # or the next arena would find it
    before = {name: outcomes[0] for name, outcomes in found.items()}
    later = {name: "won" in outcomes[1:] for name, outcomes in found.items()}
    assert before == {relay.name: "denied" for relay in possible}
    assert later == {relay.name: True for relay in possible}


@at_each_level
def test_no_number_is_pushed_on_for_another_trajectory(arena: Arena) -> None:
    ended = {counter.name: arena.run(f"{counter.push}\nreturn True") for counter in COUNTERS}
    assert ended == {counter.name: "denied" for counter in COUNTERS}


@unprotected
@pytest.mark.parametrize("counter", [pytest.param(each, id=each.name) for each in possible_here(COUNTERS)])
def test_numbers_are_pushed_on_where_nothing_protects(arena: Arena, counter: Counter) -> None:
    before = int(arena.read(counter.read))
    arena.run(counter.push)
    assert not 0 <= int(arena.read(counter.read)) - before < counter.jump


def seen_read(prey: Prey, level: Level) -> bool:
    """Whether a trajectory can see that another has read a file that nobody had read for long."""
    file = Path(os.__file__).with_name(RARELY_READ[level])
    try:
        os.utime(file, (1000, file.stat().st_mtime))
    except PermissionError:
        pytest.skip("the standard library belongs to somebody else, so its times cannot be set back")
    confinement._settle.cache_clear()
    with Arena(level, prey) as arena:
        before = arena.read(f"os.stat({str(file)!r}).st_atime")
        arena.run(f"open({str(file)!r}).read()")
        return arena.read(f"os.stat({str(file)!r}).st_atime") != before


@pytest.mark.parametrize("level", LEVELS)
def test_reading_a_file_leaves_no_trace_in_its_times(prey: Prey, level: Level) -> None:
    assert not seen_read(prey, level)


def test_reading_a_file_leaves_a_trace_where_nothing_protects(prey: Prey) -> None:
    # Whoever starts a sandbox meanwhile, in another process, reads the file as well and hides the trace.
    assert any(seen_read(prey, "none") for _ in range(5))


@pytest.mark.slow
@pytest.mark.parametrize("short", LEVELS, indirect=True)
def test_tools_that_do_harm_are_stopped_and_hurt_nobody(short: Arena) -> None:
    ended = {body: short.siege(body, as_tool=True) for body, _ in HARMS_BY_TOOL}
    assert ended == {body: (ends, UNDISTURBED) for body, ends in HARMS_BY_TOOL}


@pytest.mark.parametrize("short", [*LEVELS, "none"], indirect=True)
def test_harm_is_stopped_at_every_level_and_hurts_nobody(short: Arena) -> None:
    ended = {harm.name: short.siege(harm.body) for harm in HARMS if harm.ends != "time-out"}
    assert ended == {harm.name: (harm.ends, UNDISTURBED) for harm in HARMS if harm.ends != "time-out"}


@pytest.mark.parametrize("short", LEVELS[:1], indirect=True)
@pytest.mark.parametrize("harm", [pytest.param(harm, id=harm.name) for harm in HARMS if harm.ends == "time-out"])
def test_harm_without_end_is_stopped_by_the_clock_and_hurts_nobody(short: Arena, harm: Harm) -> None:
    ended, honest = short.siege(harm.body)
    assert (ended, honest) == (harm.ends, UNDISTURBED)


def all_denied(arena: Arena, attacks: Sequence[Attack]) -> None:
    ended, honest = arena.besiege(attacks)
    assert ended == {attack.name: attack.ends for attack in attacks}
    assert set(honest) == {HONEST_SCORE}


def all_stopped(arena: Arena, harms: Sequence[Harm]) -> None:
    ended = {harm.name: arena.siege(harm.body) for harm in harms}
    assert ended == {harm.name: (ends_in(arena, harm), UNDISTURBED) for harm in harms}


def ends_in(arena: Arena, harm: Harm) -> str:
    """How a harm ends: what is no answer elsewhere is one of an agent, which may end without a word."""
    return "denied" if arena.entry == "act" and harm.name == "answer without a score" else harm.ends


HOST_HARMS = {"solve": CORPUS_HARMS, "act": WORLD_HARMS}
"""By function, those by way of what its host offers."""


@in_others
def test_attacks_are_denied_in_every_function(other: Arena) -> None:
    all_denied(other, [*FILES, *SOCKETS, *PROCESSES][::9])


@pytest.mark.slow
@in_others_at_each_level
def test_every_attack_is_denied_in_every_function(other: Arena) -> None:
    all_denied(other, [*FILES, *SOCKETS, *PROCESSES])


@in_others
def test_harm_is_stopped_in_every_function(other: Arena) -> None:
    all_stopped(other, [harm for harm in HARMS if harm.ends != "time-out"][::8])
    all_stopped(other, HOST_HARMS.get(other.entry, NO_HOST))


@pytest.mark.parametrize("other", [("solve", LEVELS[0])], indirect=True, ids=["solve"])
def test_forged_requests_to_a_host_are_stopped(other: Arena) -> None:
    all_stopped(other, FORGED_REQUESTS)


@pytest.mark.slow
@in_others_at_each_level
def test_every_harm_is_stopped_in_every_function(other: Arena) -> None:
    all_stopped(other, [harm for harm in HARMS if harm.ends != "time-out"])
    all_stopped(other, [*HOST_HARMS[other.entry], *FORGED_REQUESTS] if other.entry in HOST_HARMS else NO_HOST)


def test_reward_has_no_host_to_ask(prey: Prey) -> None:
    with Arena(LEVELS[0], prey) as arena:
        all_stopped(arena, NO_HOST)


@pytest.mark.parametrize("other", [("predict", LEVELS[0])], indirect=True, ids=["predict"])
def test_nothing_left_behind_by_learning_is_found_when_predicting(other: Arena) -> None:
    found = {relay.name: other.relay(relay.leave, relay.find, leaver="learn") for relay in RELAYS[::4]}
    assert [name for name, outcomes in found.items() if "won" in outcomes] == []


@pytest.mark.slow
@in_others_at_each_level
def test_nothing_left_behind_is_found_in_any_function(other: Arena) -> None:
    leavers = ("learn", "predict") if other.entry == "predict" else (other.entry,)
    found = {(r.name, by): other.relay(r.leave, r.find, leaver=by) for r in RELAYS for by in leavers}
    assert [name for name, outcomes in found.items() if "won" in outcomes] == []


@pytest.mark.slow
@in_others_at_each_level
def test_no_number_is_pushed_on_in_any_function(other: Arena) -> None:
    ended = {counter.name: other.run(f"{counter.push}\nreturn True") for counter in COUNTERS}
    assert ended == {counter.name: "denied" for counter in COUNTERS}


def record_after_lies(arena: Arena, request: str) -> list[Any]:
    """What the host recorded of a program that asks one thing, and then says that it was something else."""
    body = f"""
        async def ask():
            await {request}
            raw(frame({{"type": "done", "output": WON, "asked": [{{"query": "forged"}}]}}))
            time.sleep(60)
        return ask()
        """
    assert arena.run(body) == "won"
    assert arena.host is not None
    return arena.host.record()


@pytest.mark.parametrize("other", [("solve", LEVELS[0])], indirect=True, ids=["solve"])
def test_host_records_what_it_saw_whatever_the_program_says(other: Arena) -> None:
    record = record_after_lies(other, "CORPUS.search('GOOD', k=1)")
    assert [(line["query"], [one["id"] for one in line["found"]]) for line in record] == [("GOOD", ["a"])]


@pytest.mark.parametrize("other", [("act", LEVELS[0])], indirect=True, ids=["act"])
def test_world_records_what_it_saw_whatever_the_agent_says(other: Arena) -> None:
    record = record_after_lies(other, "WORLD.say('May I?')")
    assert [line["content"] for line in record] == [PROMPT, "May I?", "Yes, please."]


def test_forged_scores_for_more_trajectories_than_there_are_are_refused(prey: Prey) -> None:
    forged = "{'scores': [0, 100, 100], 'reason': '', 'findings': {}}"
    with Arena(LEVELS[0], prey, entry="compare") as arena:
        assert arena.run(f"raw(frame({{'type': 'done', 'output': {forged}}}))\ntime.sleep(60)") == "ValueError"
