"""The seeds that classify: they learn what they say, read replies with tolerance, and pass the validator."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from meta_reward.completion import Request
from meta_reward.harness import Example, PromptTooLong, Reply
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import validate
from meta_reward.kinds.registry import KINDS
from meta_reward.offline.reader import SimulatedReader, simulated_reader
from meta_reward.tasks.texts import load_text_set
from meta_reward.trajectory import Message
from tests.conftest import LEVEL, PROJECT

SEEDS = sorted((PROJECT / "seed_harnesses" / "classify").glob("*.py"))
each_seed = pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
EXAMPLES = [
    Example("My tap drips.", "plumbing"),
    Example("The boiler is cold.", "heating"),
    Example("Water from\nthe pipe.", "plumbing"),
    Example("The lamp is dark.", "lighting. all"),
]


CLASSIFY = KINDS["classify"].program


class ScriptedModel:
    """Gives one reply for ever, or what a function makes of the prompt; remembers the prompts."""

    def __init__(self, reply: str | Callable[[str], str]) -> None:
        self.reply, self.prompts = reply, list[str]()

    async def ask(self, prompt: str, **_: Any) -> Reply:
        self.prompts.append(prompt)
        return Reply(self.reply if isinstance(self.reply, str) else self.reply(prompt))


class ReaderModel:
    """The simulated reader as programs see it."""

    def __init__(self, reader: SimulatedReader) -> None:
        self.reader, self.asked, self.characters = reader, dict[str, int](), 0

    async def ask(self, prompt: str, **_: Any) -> Reply:
        draw = self.asked[prompt] = self.asked.get(prompt, -1) + 1
        self.characters += len(prompt)
        done = await self.reader.complete(Request((Message("user", prompt),)), draw=draw)
        return Reply(done.text)


def load(path: Path) -> Mapping[str, Any]:
    space: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(), str(path), "exec"), space)
    return space


def learn(program: Mapping[str, Any], examples: Sequence[Example], model: Any) -> str:
    memory = ""
    for example in examples:
        memory = asyncio.run(program["learn"](memory, example, model))
    return memory


def classify(path: Path, text: str, model: Any, examples: Sequence[Example] = EXAMPLES) -> str:
    program = load(path)
    return str(asyncio.run(program["predict"](learn(program, examples, model), text, model)))


def seed(name: str) -> Path:
    return PROJECT / "seed_harnesses" / "classify" / f"{name}.py"


def test_the_seeds_are_those_of_the_comparison_and_the_plainest_is_the_baseline() -> None:
    names = ["baseline", "few_shot_32", "few_shot_8", "few_shot_all", "nearest", "running_notes"]
    assert [path.stem for path in SEEDS] == names
    assert load(seed("baseline"))["__doc__"].startswith("Zero-shot")


@each_seed
def test_a_seed_passes_the_validator(path: Path) -> None:
    source = path.read_text()

    async def run() -> tuple[Any, ...]:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            return (await validate(source, sandbox=sandbox, program=CLASSIFY)).findings

    assert asyncio.run(run()) == ()


@each_seed
@pytest.mark.parametrize(
    "reply",
    [
        "Label: heating",
        "heating",
        "**Label:** Heating.",
        "I think so.\n\nLabel: `heating`",
        'It is "heating".',
        "HEATING",
    ],
)
def test_a_seed_reads_the_label_however_it_is_written(path: Path, reply: str) -> None:
    assert classify(path, "The radiator hisses.", ScriptedModel(reply)) == "heating"


@each_seed
def test_a_seed_raises_for_a_reply_without_anything(path: Path) -> None:
    with pytest.raises(ValueError, match="no label in the reply"):
        classify(path, "The radiator hisses.", ScriptedModel(" \n"))


@each_seed
def test_a_seed_keeps_a_label_that_it_was_not_taught(path: Path) -> None:
    assert classify(path, "Paint the door.", ScriptedModel("Label: painting")) == "painting"


@each_seed
def test_every_label_stands_in_the_prompt_and_so_does_the_text(path: Path) -> None:
    model = ScriptedModel("Label: heating")
    classify(path, "The radiator\nhisses.", model)
    assert all(f"- {label}" in model.prompts[-1] for label in ("plumbing", "heating", "lighting. all"))
    assert "The radiator\nhisses." in model.prompts[-1]


@pytest.mark.parametrize(("name", "shown"), [("baseline", 0), ("few_shot_8", 8), ("few_shot_32", 32), ("nearest", 16)])
def test_a_seed_shows_as_many_examples_as_it_says(name: str, shown: int) -> None:
    model = ScriptedModel("Label: a")
    classify(seed(name), "text", model, [Example(f"Text number {n}.", "ab"[n % 2]) for n in range(40)])
    assert model.prompts[-1].count("Text: ") == shown


def test_all_examples_are_shown_and_on_one_line_each() -> None:
    model = ScriptedModel("Label: heating")
    classify(seed("few_shot_all"), "x", model)
    assert "Text: Water from the pipe.\nLabel: plumbing\n" in model.prompts[-1]
    assert model.prompts[-1].count("Text: ") == 4


def test_the_likest_example_stands_last() -> None:
    model = ScriptedModel("Label: heating")
    classify(seed("nearest"), "Is the boiler cold again?", model)
    assert model.prompts[-1].split("Text: ")[-1].startswith("The boiler is cold.")


@pytest.mark.parametrize("name", ["few_shot_32", "few_shot_all", "nearest"])
def test_examples_are_left_out_until_the_prompt_fits(name: str) -> None:
    def short(prompt: str) -> str:
        if len(prompt) > 1_500:
            raise PromptTooLong
        return "Label: a"

    examples = [Example(f"Text {n}, which is of some length indeed.", "a") for n in range(40)]
    assert classify(seed(name), "text", ScriptedModel(short), examples) == "a"


def test_notes_grow_by_a_line_where_the_guess_was_wrong_and_only_there() -> None:
    def reply(prompt: str) -> str:
        return "plumbing: drips, pipes" if "Write one line" in prompt else "Label: plumbing"

    model = ScriptedModel(reply)
    notes = json.loads(learn(load(seed("running_notes")), EXAMPLES[:3], model))
    assert notes == {"plumbing": ["drips, pipes"], "heating": []}
    assert sum("Write one line" in prompt for prompt in model.prompts) == 2


def test_examples_help_the_simulated_reader_on_the_errands() -> None:
    errands = load_text_set(PROJECT / "tasks" / "errands")
    examples = [Example(text.text, text.label) for text in errands.training]
    asked = errands.texts[:40]

    def right(name: str) -> int:
        program, model = load(seed(name)), ReaderModel(simulated_reader())
        memory = learn(program, examples, model)
        return sum(asyncio.run(program["predict"](memory, text.text, model)) == text.label for text in asked)

    assert right("baseline") < right("few_shot_32") < right("few_shot_all")
