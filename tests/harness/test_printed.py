"""What a harness prints: the end of it reaches the parent with the reward or the error, and nothing else does."""

import asyncio

import pytest

from meta_reward.errors import CandidateError
from meta_reward.harness.child import MAX_PRINTED_BYTES
from meta_reward.harness.sandbox import Sandbox
from tests.conftest import LEVEL
from tests.harness.boxed import QUICK, TRAJECTORY, harness, session


def printed_by(*sources: str) -> list[str]:
    """What each source has printed, one after the other in one sandbox; what they fail with is let go."""
    heard: list[str] = []

    async def work() -> None:
        async with Sandbox(QUICK, level=LEVEL) as sandbox:
            for source in sources:
                try:
                    await sandbox.score(source, TRAJECTORY, session().ask, printed=heard.append)
                except CandidateError:
                    continue

    asyncio.run(work())
    return heard


def test_what_is_printed_is_told_with_a_reward_and_with_an_error_and_to_no_other(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sources = (
        harness("print('a', 1); print('b', end=''); return 5"),
        harness("print('on the way'); raise ValueError('odd')", "print('at the top')"),
        harness("return 5"),
        harness("import sys; print('aside', file=sys.stderr); return 5"),
    )
    assert printed_by(*sources) == ["a 1\nb", "at the top\non the way\n", "", ""]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("body", ["print('x' * 10**6 + 'end')", "for n in range(20_000): print(n, 'end')"])
def test_much_that_is_printed_keeps_its_end(body: str) -> None:
    (told,) = printed_by(harness(f"{body}\n    return 5"))
    assert (len(told), told.endswith("end\n")) == (MAX_PRINTED_BYTES, True)


def test_characters_are_never_cut_and_what_is_no_text_is_a_question_mark() -> None:
    wide, odd = printed_by(harness("print('\u20ac' * 10**5); return 5"), harness("print('\\ud800 \\x1b[2J'); return 5"))
    assert (set(wide), len(wide.encode()) > MAX_PRINTED_BYTES - 4) == ({"\u20ac", "\n"}, True)
    assert odd == "? \x1b[2J\n"


@pytest.mark.parametrize("lie", ["7", "{'a': 1}", "'x' * 10**6"])
def test_forged_frame_tells_no_more_than_an_honest_one(lie: str) -> None:
    forge = (
        "import gc, json, socket, struct\n"
        "    data = json.dumps({'type': 'done', 'output': 5, 'printed': " + lie + "}).encode()\n"
        "    judge._sock.sendall(struct.pack('!I', len(data)) + data)\n"
        "    import time; time.sleep(60)"
    )
    (told,) = printed_by(harness(forge))
    assert told == ("x" * MAX_PRINTED_BYTES if "x" in lie else "")


def test_harness_that_is_stopped_leaves_nothing() -> None:
    assert printed_by(harness("print('here'); import time; time.sleep(60)")) == [""]
