"""The simulated reader: helped by what stands in the prompt, hindered by how much and where; the same every time."""

import asyncio
import json
import random
import time
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.completion import Completion, Request
from meta_reward.errors import JudgeError, PromptTooLong, UsageError
from meta_reward.models.registry import make_backend
from meta_reward.offline.reader import SimulatedReader, simulated_reader
from meta_reward.offline.reader.settings import Strengths
from meta_reward.trajectory import Message, Tool, ToolCall

LABELS = {
    "plumbing": "tap drips pipe basin water leak drain sink blocked flood".split(),
    "heating": "radiator boiler cold thermostat valve warm gas burner pump hiss".split(),
    "lighting": "lamp bulb switch dark flicker socket fuse dimmer wire spark".split(),
    "gardening": "hedge lawn weeds mower soil bush leaves seeds fence shed".split(),
}
FILLERS = (
    "today kitchen again since monday please neighbour upstairs visit soon week house morning called twice".split()
)
STEADY = dict.fromkeys((field.name for field in fields(Strengths)), 0.0)
Pair = tuple[str, str]


def made(count: int, seed: int) -> list[Pair]:
    """Texts with their labels: a few words of the label among others."""
    rng = random.Random(seed)
    labels = [list(LABELS)[n % len(LABELS)] for n in range(count)]
    texts = [" ".join(rng.sample(LABELS[label], 3) + rng.sample(FILLERS, 6)) for label in labels]
    return list(zip(texts, labels, strict=True))


def complete(reader: SimulatedReader, prompt: str, *, draw: int = 0, **more: object) -> Completion:
    return asyncio.run(reader.complete(Request((Message("user", prompt),), **more), draw=draw))  # type: ignore[arg-type]


def ask(reader: SimulatedReader, prompt: str, *, draw: int = 0, **more: object) -> str:
    return complete(reader, prompt, draw=draw, **more).text


def shown(pairs: list[Pair], text: str) -> str:
    examples = "".join(f"Text: {one}\nLabel: {label}\n\n" for one, label in pairs)
    return f"{examples}Text: {text}\nLabel:"


def accuracy(reader: SimulatedReader, pairs: list[Pair], asked: list[Pair], *, names: bool = True) -> float:
    labels = f"Labels: {', '.join(LABELS)}\n\n" if names else ""
    return sum(label in ask(reader, labels + shown(pairs, text)) for text, label in asked) / len(asked)


def test_the_same_request_draw_and_seed_give_the_same_answer_and_others_may_not() -> None:
    prompt = f"Labels: {', '.join(LABELS)}\nText: kitchen again since monday\nLabel:"
    first = [ask(simulated_reader(seed=1), prompt, draw=draw) for draw in range(20)]
    assert [ask(simulated_reader(seed=1), prompt, draw=draw) for draw in range(20)] == first
    assert len(set(first)) > 1
    assert [ask(simulated_reader(seed=2), prompt, draw=draw) for draw in range(20)] != first


def test_examples_help_and_more_of_them_help_more() -> None:
    reader, asked = simulated_reader(), made(60, seed=2)
    none, few, many = (accuracy(reader, made(40, seed=1)[:count], asked) for count in (0, 4, 40))
    assert none < few < many
    assert many > 0.8


def test_without_a_label_in_sight_it_makes_one_up_from_the_words_of_the_text() -> None:
    reader, asked = simulated_reader(chatter=0), made(40, seed=2)
    replies = [ask(reader, f"Classify this message:\n{text}") for text, _ in asked]
    assert accuracy(reader, [], asked, names=False) < 0.1
    assert all(set(reply.split()) <= set(text.split()) for reply, (text, _) in zip(replies, asked, strict=True))


def test_notes_on_labels_help_and_so_does_a_label_whose_words_the_text_has() -> None:
    reader = simulated_reader(**STEADY)
    notes = "## Notes\n" + "".join(f"- {label}: {', '.join(words)}\n" for label, words in LABELS.items())
    asked = made(40, seed=3)
    assert sum(label in ask(reader, f"{notes}\nText: {text}\nLabel:") for text, label in asked) == 40
    assert ask(reader, "Labels: heating, gardening tools\nText: where are my tools?\nLabel:") == "gardening tools"


def found_at(place: float, size: int, *, prompts: int = 60) -> float:
    """How often the only example that fits is used, at a place in a prompt of about this size."""
    reader = simulated_reader(noise=0, chatter=0, recency=0, majority=0)
    found = 0
    for number in range(prompts):
        count = size // 80
        others = [(f"{number} {at} unrelated remark about nothing of interest at all", "other") for at in range(count)]
        others.insert(int(place * count), ("the boiler makes a hiss", "heating"))
        found += ask(reader, shown(others, "boiler with a hiss")) == "heating"
    return found / prompts


def test_what_stands_in_the_middle_of_a_long_prompt_is_lost_more_often() -> None:
    assert found_at(0.5, 12_000) < 0.9 < min(found_at(0.0, 12_000), found_at(1.0, 12_000))
    assert found_at(0.5, 12_000) < found_at(0.5, 1_200)


def test_what_is_beyond_its_attention_is_overlooked_wherever_it_stands() -> None:
    assert found_at(0.0, 20_000, prompts=30) == 1.0
    assert 0.2 < found_at(0.0, 60_000, prompts=30) < 0.7


def test_it_leans_to_the_labels_of_the_last_examples_where_nothing_else_tells() -> None:
    pairs = [("one thing", "a"), ("another", "b"), ("something", "c")]
    reader = simulated_reader(**{**STEADY, "recency": 1})
    assert ask(reader, shown(pairs, "unheard of")) == "c"


@pytest.mark.parametrize(
    ("pairs", "text", "label"),
    [
        (
            [("被告人秘密窃取他人手机一部", "罪名:盗窃"), ("被告人虚构事实骗取钱款", "罪名:诈骗")],
            "被告人骗取他人钱款三万元",
            "罪名:诈骗",
        ),
        (
            [("CC(C)(C)OC(=O)NCCc1ccc(N)cc1", "protection"), ("COc1ccc(-c2ccc(C=O)cc2)cc1Cl", "oxidation")],
            "CC(C)(C)OC(=O)NCc1cccnc1",
            "protection",
        ),
    ],
)
def test_texts_without_spaces_are_compared_by_their_characters(pairs: list[Pair], text: str, label: str) -> None:
    assert ask(simulated_reader(**STEADY), shown(pairs, text)) == label


@pytest.mark.parametrize(
    ("how", "reply"),
    [
        ("", "heating"),
        ("Answer with one line, `Label: <label>`.", "Label: heating"),
        ('Reply as JSON: {"answer": "..."}', '{"answer":"heating"}'),
        ("Explain, then end with `Diagnosis: [label]`.", "What stands out is boiler, hiss.\n\nDiagnosis: heating"),
    ],
)
def test_it_answers_in_the_form_that_is_asked_for(how: str, reply: str) -> None:
    prompt = f"boiler and hiss -> heating\ntap and drain -> plumbing\n\nText: the boiler with the hiss\n\n{how}"
    assert ask(simulated_reader(**STEADY), prompt) == reply


def test_a_schema_is_filled_and_its_labels_are_taken() -> None:
    schema = {"type": "object", "properties": {"reason": {"type": "string"}, "label": {"enum": ["tap", "boiler"]}}}
    reply = ask(simulated_reader(**STEADY), "Text: the boiler makes a noise", schema=schema)
    assert json.loads(reply) == {"reason": "boiler, makes, noise", "label": "boiler"}


def test_a_tool_that_must_be_called_is_called_once() -> None:
    tool = Tool("look_up", "Look up.", {"type": "object", "properties": {"text": {"type": "string"}}})
    reader = simulated_reader(**STEADY)
    done = complete(reader, "Labels: a, b\nText: my boiler\nLabel:", tools=(tool,), require="look_up")
    assert done.tool_calls == (ToolCall("call_1", "look_up", {"text": "my boiler"}),)
    messages = (
        Message("user", "Labels: a, b\nText: my boiler\nLabel:"),
        Message("assistant", "", done.tool_calls),
        Message("tool", "nothing", tool_call_id="call_1"),
    )
    again = asyncio.run(reader.complete(Request(messages, tools=(tool,), require="look_up"), draw=0))
    assert again.text in ("a", "b")


def learnt(reader: SimulatedReader, pairs: list[Pair], how: str) -> str:
    notes = ""
    for text, label in pairs:
        notes = ask(reader, f"## Notes\n{notes}\n\n## Example\nText: {text}\nLabel: {label}\n\n{how}")
    return notes


def test_asked_to_it_takes_an_example_up_in_the_notes() -> None:
    notes = learnt(
        simulated_reader(**STEADY),
        [("my tap drips", "plumbing"), ("my boiler hisses", "heating"), ("our tap is stuck", "plumbing")],
        "Rewrite the notes so that they also cover the example.",
    )
    assert notes == "heating: boiler, hisses\nplumbing: tap, drips, stuck"


def test_asked_for_one_line_it_writes_only_that() -> None:
    how = "Write one line to add to the notes."
    assert learnt(simulated_reader(**STEADY), [("my tap drips", "plumbing")], how) == "plumbing: tap, drips"


def test_notes_that_are_written_anew_stay_within_a_limit_and_help() -> None:
    how = "Update the notes with this example, in at most 400 characters."
    notes = learnt(simulated_reader(), made(60, seed=1), how)
    assert len(notes) <= 400
    asked = made(40, seed=2)
    found = sum(label in ask(simulated_reader(), f"## Notes\n{notes}\n\nText: {text}\nLabel:") for text, label in asked)
    assert found > 20


def test_long_notes_lose_lines_when_they_are_written_anew() -> None:
    pairs = [(f"thing{n} matter{n} topic{n} concern{n} affair{n}", f"label {n}") for n in range(100)]
    how = "Rewrite the notes with this example."
    assert len(learnt(simulated_reader(**STEADY), pairs, how).splitlines()) == 100
    assert len(learnt(simulated_reader(), pairs, how).splitlines()) < 90


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.booleans())
def test_it_answers_whatever_it_is_asked(text: str, lines: bool) -> None:
    prompt = text.replace(" ", "\n") if lines else text
    assert isinstance(ask(simulated_reader(), prompt), str)


@pytest.mark.parametrize("run", [" ", "(", "`", "-> ", "a:", "{", "#", "*", "1,", "\t", "<a>", "Label: x\n"])
def test_a_long_run_of_one_thing_does_not_hold_it_up(run: str) -> None:
    began = time.process_time()
    ask(simulated_reader(), f"Text: {run * 50_000}\nLabel:")
    assert time.process_time() - began < 3


def test_a_prompt_of_20_000_characters_takes_milliseconds() -> None:
    reader, pairs = simulated_reader(), made(240, seed=1)
    prompts = [shown(pairs, text) for text, _ in made(100, seed=4)]
    assert len(prompts[0]) > 18_000
    ask(reader, prompts[0])
    began = time.process_time()
    for prompt in prompts:
        ask(reader, prompt)
    assert time.process_time() - began < 1


def test_a_prompt_beyond_its_window_is_too_long() -> None:
    with pytest.raises(PromptTooLong):
        ask(simulated_reader(window_tokens=100), "word " * 200)


def test_a_schema_that_makes_no_sense_is_an_error_of_the_request() -> None:
    with pytest.raises(JudgeError, match="cannot make sense"):
        ask(simulated_reader(), "Text: a\nLabel:", schema={"type": "object", "properties": 3})


def test_it_is_found_by_its_spec_and_says_that_it_is_simulated() -> None:
    reader = make_backend("simulated:reader", {"noise": 2}, seed=3)
    assert reader.simulated
    assert {"kind": "simulated:reader", "seed": 3, "noise": 2.0}.items() <= dict(reader.settings).items()
    with pytest.raises(UsageError, match="unknown strength 'politeness'"):
        make_backend("simulated:reader", {"politeness": 1})
