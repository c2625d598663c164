"""No attack gets what it wants, and none disturbs an honest harness; without the lockdown they succeed.

`SANDBOX=none pytest tests/harness/test_attacks.py` runs the same attacks unprotected, and fails.
"""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from meta_reward.harness import confinement
from meta_reward.harness.budget import Budget
from meta_reward.harness.level import Level
from tests.harness.attacks.arena import HONEST_SCORE, LEVELS, Arena, Prey
from tests.harness.attacks.files import FILES
from tests.harness.attacks.harm import HARMS
from tests.harness.attacks.processes import PROCESSES
from tests.harness.attacks.sockets import SOCKETS
from tests.harness.attacks.state import COUNTERS, RELAYS
from tests.harness.attacks.table import Attack, Counter, Harm, Relay, rows, rows_shown

ATTACKS = tuple(chain(FILES, SOCKETS, PROCESSES))
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
    ("raw(frame({'type': 'done', 'score': 100, 'reason': '', 'findings': {}}))\ntime.sleep(60)", "won"),
)
SHORT = Budget(cpu_s=5, active_s=0.6, wall_s=20.0)


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
def short(request: pytest.FixtureRequest, prey: Prey) -> Iterator[Arena]:
    with Arena(request.param, prey, SHORT) as arena:
        yield arena


at_each_level = pytest.mark.parametrize("arena", LEVELS, indirect=True)
unprotected = pytest.mark.parametrize("arena", ["none"], indirect=True)


@at_each_level
@pytest.mark.parametrize("attack", rows(ATTACKS))
def test_attack_is_denied_and_disturbs_nobody(arena: Arena, attack: Attack) -> None:
    ended, honest = arena.siege(attack.body)
    assert (ended, honest) == (attack.ends, UNDISTURBED)


@at_each_level
@pytest.mark.parametrize("attack", rows(ATTACKS[::4]))
def test_attack_by_a_tool_that_the_judge_calls_is_denied_too(arena: Arena, attack: Attack) -> None:
    ended, honest = arena.siege(attack.body, as_tool=True)
    assert (ended, honest) == (attack.ends, UNDISTURBED)


@unprotected
@pytest.mark.parametrize("attack", rows_shown(ATTACKS))
def test_attack_succeeds_where_nothing_protects(arena: Arena, attack: Attack) -> None:
    assert arena.run(attack.body) == "won"


@at_each_level
@pytest.mark.parametrize("relay", rows(RELAYS))
def test_nothing_left_behind_is_found_by_another_trajectory(arena: Arena, relay: Relay) -> None:
    assert "won" not in arena.relay(relay.leave, relay.find)


@unprotected
@pytest.mark.parametrize("relay", rows_shown(RELAYS))
def test_what_is_left_behind_is_found_where_nothing_protects(arena: Arena, relay: Relay) -> None:
    before, *later = arena.relay(relay.leave, relay.find)
    assert before == "denied"
    assert "won" in later


@at_each_level
@pytest.mark.parametrize("counter", rows(COUNTERS))
def test_no_number_is_pushed_on_for_another_trajectory(arena: Arena, counter: Counter) -> None:
    assert arena.run(f"{counter.push}\nreturn True") == "denied"


@unprotected
@pytest.mark.parametrize("counter", rows_shown(COUNTERS))
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


@pytest.mark.parametrize("short", LEVELS, indirect=True)
@pytest.mark.parametrize(("body", "ends"), HARMS_BY_TOOL)
def test_tool_that_does_harm_is_stopped_and_hurts_nobody(short: Arena, body: str, ends: str) -> None:
    ended, honest = short.siege(body, as_tool=True)
    assert (ended, honest) == (ends, UNDISTURBED)


@pytest.mark.parametrize("short", [*LEVELS, "none"], indirect=True)
@pytest.mark.parametrize("harm", rows(harm for harm in HARMS if harm.ends != "time-out"))
def test_harm_is_stopped_at_every_level_and_hurts_nobody(short: Arena, harm: Harm) -> None:
    ended, honest = short.siege(harm.body)
    assert (ended, honest) == (harm.ends, UNDISTURBED)


@pytest.mark.parametrize("short", LEVELS[:1], indirect=True)
@pytest.mark.parametrize("harm", rows(harm for harm in HARMS if harm.ends == "time-out"))
def test_harm_without_end_is_stopped_by_the_clock_and_hurts_nobody(short: Arena, harm: Harm) -> None:
    ended, honest = short.siege(harm.body)
    assert (ended, honest) == (harm.ends, UNDISTURBED)
