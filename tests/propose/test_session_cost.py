"""What sessions have cost: those on record, the one under way, those that were cut off."""

import os
from pathlib import Path

import pytest

from meta_reward import files, folders
from meta_reward.propose.claude.usage import CallUsage, Meter
from meta_reward.propose.session_cost import count_discarded, proposer_usd, under_way_usd
from meta_reward.propose.transcript import Transcript
from meta_reward.run.layout import Layout
from meta_reward.run.sessions import SessionRecord, save_session

MODEL = "claude-haiku-4-5-20251001"


def session(layout: Layout, iteration: int, cost_usd: float) -> None:
    result = {"session_id": f"s{iteration}", "total_cost_usd": cost_usd}
    layout.session(iteration).mkdir(parents=True, exist_ok=True)
    Transcript(layout.transcript(iteration)).add("message", kind="ResultMessage", message=result)
    os.utime(layout.transcript(iteration), ns=(iteration, iteration))


def test_session_counts_while_it_runs_and_when_it_has_ended_and_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    session(layout, 1, 0.5)
    assert (proposer_usd(layout), under_way_usd(layout)) == (0.5, 0.5)
    save_session(layout, 1, SessionRecord(summary={"cost_usd": 0.5}))
    assert (proposer_usd(layout), under_way_usd(layout)) == (0.5, 0.0)
    files.write_json(layout.empty_session(1) / "session.json", {"iteration": 1, "cost_usd": 0.5})
    assert proposer_usd(layout) == 0.5


def test_discarded_session_counts_once_whenever_the_search_was_killed(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    count_discarded(layout, 1)
    session(layout, 1, 0.5)
    count_discarded(layout, 1)
    with layout.discarded.open("a") as file:
        file.write('{"iterat')
    assert proposer_usd(layout) == 0.5
    count_discarded(layout, 1)
    assert proposer_usd(layout) == 0.5
    folders.remove_folder(layout.session(1))
    assert proposer_usd(layout) == 0.5


def test_meter_counts_what_is_read_with_the_first_word_and_what_is_written_with_the_last() -> None:
    meter = Meter()
    usage = {
        "input_tokens": 1000,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 1000,
        "output_tokens": 1,
    }
    begun = meter.read({"type": "message_start", "message": {"id": "m1", "model": MODEL, "usage": usage}})
    assert meter.read({"type": "content_block_delta", "delta": {"text": "x"}}) is None
    ended = meter.read({"type": "message_delta", "usage": {"output_tokens": 100, "input_tokens": None}})
    assert begun == CallUsage("m1", MODEL, **usage, cost_usd=pytest.approx(0.002355))
    assert ended == CallUsage("m1", MODEL, **{**usage, "output_tokens": 100}, cost_usd=pytest.approx(0.00285))


def test_meter_says_nothing_of_a_price_that_is_not_known() -> None:
    line = Meter().read(
        {"type": "message_start", "message": {"id": "m", "model": "of-my-own", "usage": {"input_tokens": 9}}}
    )
    assert line is not None
    assert (line.input_tokens, line.cost_usd) == (9, None)
    assert Meter().read({"type": "message_delta", "usage": {"output_tokens": 1}}) is None
