"""The audit of a trajectory: one pass for calls and records, one for what was said, one for contradictions."""

from collections.abc import Iterator

from meta_reward.harness.audit.calls import calls_of, writing_tools
from meta_reward.harness.audit.ledger import Event, Ledger
from meta_reward.harness.audit.records import Records
from meta_reward.harness.audit.rules import contradictions
from meta_reward.harness.audit.run import Run
from meta_reward.harness.audit.speech import claims_in, is_yes, refuses, requests_in, sentences
from meta_reward.trajectory import Trajectory


def audit(trajectory: Trajectory) -> Ledger:
    """What a run read, wrote, was asked, was allowed and claimed, and where these contradict each other."""
    calls = calls_of(trajectory)
    run = Run(trajectory, calls, Records(calls, trajectory.messages), writing_tools(trajectory))
    found = sorted(contradictions(run), key=lambda one: one.number)
    events = sorted([*_made(run), *_said(run)], key=lambda one: one.number)
    return Ledger(tuple(events), tuple(run.records), tuple(dict.fromkeys(found)))


def _made(run: Run) -> Iterator[Event]:
    for made in run.calls:
        named = tuple(id for id in made.ids if id in run.records)
        yield Event(made.number, made.kind, made.what, run.written_as(named))


def _said(run: Run) -> Iterator[Event]:
    for number, message in enumerate(run.trajectory.messages, 1):
        if message.role == "user":
            said = [("asked", part) for part in requests_in(message.content)]
            said += [("agreed", message.content)] if number > 1 and is_yes(message.content) else []
        elif message.role == "assistant" and message.content:
            said = [("claimed", part) for part in claims_in(message.content)]
            said += [("declined", part) for part in sentences(message.content) if refuses(part)][:1]
        else:
            continue
        for kind, words in said:
            yield Event(number, kind, run.short(words), run.written_as(run.records.mentioned(words)))
