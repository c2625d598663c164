"""Two processes that ask the same question at the same time pay for it once."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meta_reward.errors import JudgeError
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.models.session import Ask
from tests.conftest import PROJECT
from tests.endpoints import Endpoint, Fault, Said, Seen, chat_error

ASKING = """
import asyncio, sys
from pathlib import Path
from tests.models.test_claims import ask

print(*asyncio.run(ask(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])))
"""


async def ask(url: str, folder: Path, *prompts: str) -> list[str]:
    """The replies to prompts, which are asked all at once of a judge with a cache."""
    gateway = Gateway(make_backend(f"openai:m@{url}/v1", {"price_input": 1.0, "price_output": 1.0}), Cache(folder))
    session = gateway.session("t")

    async def run_tool(*_: object) -> tuple[str, bool]:
        raise AssertionError

    answers = await asyncio.gather(*(session.ask(Ask(prompt), run_tool) for prompt in prompts))
    return [*(answer.text for answer in answers), f"paid:{gateway.spent.misses}"]


def start(endpoint: Endpoint, folder: Path, *prompts: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ASKING, endpoint.url, str(folder), *prompts]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def wait_until_asked(endpoint: Endpoint, times: int) -> None:
    until = time.monotonic() + 100
    while len(endpoint.seen) < times:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.slow
def test_two_processes_that_ask_the_same_at_the_same_time_pay_once(tmp_path: Path) -> None:
    prompts = ("a", "b", "c")
    with Endpoint(lambda seen: Said(seen.texts[0].upper()), latency_s=0.5) as endpoint:
        processes = [start(endpoint, tmp_path, *prompts) for _ in range(2)]
        said = [process.communicate(timeout=100)[0].split() for process in processes]
    assert sorted(seen.texts[0] for seen in endpoint.seen) == list(prompts)
    assert [words[:3] for words in said] == [["A", "B", "C"]] * 2
    assert sum(int(words[3].removeprefix("paid:")) for words in said) == len(prompts)


@pytest.mark.slow
def test_claim_ends_with_its_owner_and_the_next_one_asks(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Said | Fault:
        return Fault(how="hang") if seen.ordinal == 0 else Said("80")

    with Endpoint(answer) as endpoint:
        first = start(endpoint, tmp_path, "a")
        wait_until_asked(endpoint, 1)
        second = start(endpoint, tmp_path, "a")
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1.5)
        assert len(endpoint.seen) == 1
        first.send_signal(signal.SIGKILL)
        assert second.communicate(timeout=100)[0].split() == ["80", "paid:1"]
        assert (first.communicate()[0], first.returncode) == ("", -signal.SIGKILL)
    assert len(endpoint.seen) == 2


def test_claimant_that_fails_lets_the_next_one_try(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Said | Fault:
        return chat_error(401, "invalid_api_key", "no") if seen.ordinal < 2 else Said("80")  # and the probe

    async def both(url: str) -> list[list[str] | BaseException]:
        return await asyncio.gather(ask(url, tmp_path, "a"), ask(url, tmp_path, "a"), return_exceptions=True)

    with Endpoint(answer, latency_s=0.1) as endpoint:
        first, second = asyncio.run(both(endpoint.url))
    assert isinstance(first, JudgeError)
    assert second == ["80", "paid:1"]


def test_where_nothing_can_be_locked_both_ask(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()

    async def both(url: str) -> list[list[str]]:
        return await asyncio.gather(ask(url, tmp_path, "a"), ask(url, tmp_path, "b"))

    with Endpoint(lambda seen: Said("80")) as endpoint:
        assert asyncio.run(both(endpoint.url)) == [["80", "paid:1"], ["80", "paid:1"]]
