"""Task sets of labelled texts on disk: what is written is what is loaded, and what is broken is named."""

import json
from pathlib import Path

import pytest

from meta_reward.errors import DataError
from meta_reward.tasks.about import About
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.taskset import load_task_set
from meta_reward.tasks.texts import LabelledText, load_text_set, save_text_set

TRAINING = [LabelledText("m-train-1", "mail", "I want my money back.", "refund")]
TEXTS = [LabelledText(f"m-{n}", "mail", f"Where is parcel {n}?", "delivery") for n in range(1, 5)]


def save(path: Path, *, texts: list[LabelledText] = TEXTS, division: Division | None = None) -> Path:
    save_text_set(path, About(path.name, kind="classify"), training=TRAINING, texts=texts, division=division)
    return path


def test_texts_are_loaded_as_they_were_saved(tmp_path: Path) -> None:
    division = Division({"search": ("m-1", "m-2"), "validation": ("m-3",), "test": ("m-4",)}, SplitShares())
    loaded = load_text_set(save(tmp_path / "mail", division=division))
    assert (loaded.about.kind, loaded.training, loaded.division) == ("classify", tuple(TRAINING), division)
    assert [(text.id, text.text, text.label) for text in loaded.texts] == [(t.id, t.text, t.label) for t in TEXTS]
    assert (loaded.tasks_with_items, loaded.items_of_each(["m-1"])) == (("m-1", "m-2", "m-3", "m-4"), [1])


def test_texts_that_read_the_same_are_one_task(tmp_path: Path) -> None:
    again = LabelledText("other-1", "other", "  where is\nPARCEL 2?", "shipping")
    loaded = load_text_set(save(tmp_path / "mail", texts=[*TEXTS, again]))
    assert loaded.texts[-1].task == "m-2"
    assert loaded.items_of_each(["m-1", "m-2"]) == [1, 2]
    assert [text.id for text in loaded.part(["m-2"])] == ["m-2", "other-1"]


@pytest.mark.parametrize("name", ["taskset.json", "training.jsonl", "texts.jsonl"])
def test_digest_tells_any_change_of_what_a_search_depends_on(tmp_path: Path, name: str) -> None:
    before = load_text_set(save(tmp_path / "mail")).digest
    with (tmp_path / "mail" / name).open("a") as file:
        file.write("\n")
    assert load_text_set(tmp_path / "mail").digest != before


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({"id": "m-9", "dataset": "mail", "text": "Hello"}, "line 5: is not a labelled text: label is missing"),
        ({"id": "m-9", "dataset": "mail", "text": " ", "label": "x"}, "line 5: text is empty"),
        ({"id": "m-1", "dataset": "mail", "text": "Hello", "label": "x"}, "line 5: id 'm-1' occurs twice"),
        ({"id": "m-train-1", "dataset": "mail", "text": "Hello", "label": "x"}, "id 'm-train-1' occurs twice"),
        ({"id": "../x", "dataset": "mail", "text": "Hello", "label": "x"}, "id '../x' is not letters"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: dict[str, str], what: str) -> None:
    with (save(tmp_path / "mail") / "texts.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    with pytest.raises(DataError, match=r"texts\.jsonl") as raised:
        load_text_set(tmp_path / "mail")
    assert what in str(raised.value)


def test_a_set_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no texts"):
        load_text_set(save(tmp_path / "mail", texts=[]))


def test_what_works_with_pairs_refuses_texts_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a task set for kind classify; this works with kind reward only"):
        load_task_set(save(tmp_path / "mail"))
