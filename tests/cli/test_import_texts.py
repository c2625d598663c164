"""`meta-reward import --kind classify` as its user meets it: what becomes training, what is divided, what is wrong."""

import csv
import json
from pathlib import Path

import pytest

from meta_reward.tasks.texts import LabelledText, TextSet, load_text_set
from tests.cli.conftest import MetaReward

Row = dict[str, object]
LABELS = ("refund", "delivery")


def rows(count: int, *, first: int = 0) -> list[Row]:
    return [{"body": f"Message {n}.", "topic": LABELS[n % 2]} for n in range(first, first + count)]


def write(path: Path, content: list[Row]) -> Path:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, list(content[0]))
            table.writeheader()
            table.writerows(content)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in content))
    return path


def classify(meta_reward: MetaReward, *files: str, keys: str = "--text body --label topic") -> str:
    ran = meta_reward("import", *files, "--name", "mail", "--kind", "classify", *keys.split())
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out


def made(here: Path) -> TextSet:
    return load_text_set(here / "tasks" / "mail")


def sizes(taskset: TextSet) -> dict[str, int]:
    assert taskset.division is not None
    return {split: len(tasks) for split, tasks in taskset.division.splits.items()}


def said(taskset: TextSet, split: str) -> set[str]:
    assert taskset.division is not None
    return {text.text for text in taskset.part(taskset.division.splits[split])}


def test_rows_of_files_named_train_are_learnt_from_and_the_rest_is_divided(meta_reward: MetaReward, here: Path) -> None:
    write(here / "train.jsonl", rows(6))
    write(here / "val.jsonl", rows(10, first=6))
    wanted = """\
text: field body; label: field topic
mail: 6 training examples with 2 labels; 10 texts to classify: search 4, validation 3, test 3
too few for a tested decision; about 210 tasks find a gain of 20 points
"""
    dry = meta_reward(
        *"import train.jsonl val.jsonl --name mail --kind classify --text body --label topic --dry-run".split()
    )
    assert (dry.code, dry.err, dry.out) == (0, "", wanted + "nothing was written to tasks/mail: a dry run\n")
    assert not (here / "tasks").exists()
    assert classify(meta_reward, "train.jsonl", "val.jsonl") == wanted + "written to tasks/mail\n"
    taskset = made(here)
    assert taskset.training[1] == LabelledText("mail-train-0002", "mail", "Message 1.", "delivery")
    assert (taskset.about.kind, taskset.about.source, len(taskset.texts)) == ("classify", "train.jsonl, val.jsonl", 10)


def test_a_file_named_test_is_the_test_split_and_the_rest_search_and_validation(
    meta_reward: MetaReward, here: Path
) -> None:
    write(here / "train.csv", rows(6))
    write(here / "val.csv", rows(7, first=6))
    write(here / "test_set.csv", rows(9, first=20))
    classify(meta_reward, "train.csv", "val.csv", "test_set.csv")
    taskset = made(here)
    assert sizes(taskset) == {"search": 4, "validation": 3, "test": 9}
    assert said(taskset, "test") == {row["body"] for row in rows(9, first=20)}


def test_names_that_only_contain_the_letters_say_nothing(meta_reward: MetaReward, here: Path) -> None:
    write(here / "constraints.jsonl", rows(12))
    write(here / "latest.jsonl", rows(12, first=12))
    out = classify(meta_reward, "constraints.jsonl", "latest.jsonl")
    assert "no training examples are named for mail: half of its texts were taken\n" in out
    assert sizes(made(here)) == {"search": 4, "validation": 4, "test": 4}


def test_one_file_is_halved_by_the_seed(meta_reward: MetaReward, here: Path) -> None:
    write(here / "mail.jsonl", rows(20))
    found = []
    for seed in ("0", "0", "1"):
        classify(meta_reward, "mail.jsonl", keys=f"--text body --label topic --seed {seed} --force")
        found.append({text.text for text in made(here).training})
    assert len(found[0]) == 10
    assert found[0] == found[1] != found[2]


def test_a_column_names_the_parts(meta_reward: MetaReward, here: Path) -> None:
    parts = ["train"] * 4 + ["search"] * 3 + ["dev"] * 2 + ["test"] * 1
    write(here / "train.jsonl", [row | {"part": part} for row, part in zip(rows(10), parts, strict=True)])
    classify(meta_reward, "train.jsonl", keys="--text body --label topic --split part")
    taskset = made(here)
    assert (len(taskset.training), sizes(taskset)) == (4, {"search": 3, "validation": 2, "test": 1})
    assert said(taskset, "validation") == {"Message 7.", "Message 8."}


def test_a_test_file_alone_is_divided_and_that_is_said(meta_reward: MetaReward, here: Path) -> None:
    write(here / "train.jsonl", rows(4))
    write(here / "test.jsonl", rows(10, first=4))
    out = classify(meta_reward, "train.jsonl", "test.jsonl")
    assert "mail: divided anew, since its files leave some split without a text\n" in out
    assert sizes(made(here)) == {"search": 4, "validation": 3, "test": 3}


def test_each_folder_is_a_data_set_and_is_divided_by_itself(meta_reward: MetaReward, here: Path) -> None:
    for name, count in (("bank", 10), ("shop", 20)):
        write(here / name / "train.jsonl", rows(4))
        write(here / name / "val.jsonl", rows(count, first=100 * count))
    out = classify(meta_reward, *(f"{name}/{part}.jsonl" for name in ("bank", "shop") for part in ("train", "val")))
    assert "bank: 4 training examples with 2 labels; 10 texts to classify: search 4, validation 3, test 3\n" in out
    assert "shop: 4 training examples with 2 labels; 20 texts to classify: search 8, validation 6, test 6\n" in out
    assert made(here).datasets == ("bank", "shop")


def test_a_field_may_name_the_data_set(meta_reward: MetaReward, here: Path) -> None:
    write(here / "all.jsonl", [row | {"from": ("a", "北京")[n % 2]} for n, row in enumerate(rows(24))])
    classify(meta_reward, "all.jsonl", keys="--text body --label topic --dataset from")
    assert {text.dataset for text in made(here).training} == {"a", "北京"}


def test_a_text_that_two_data_sets_share_is_one_task(meta_reward: MetaReward, here: Path) -> None:
    for name in ("bank", "shop"):
        write(here / name / "train.jsonl", rows(2))
        write(here / name / "val.jsonl", rows(6, first=2))
    classify(meta_reward, *(f"{name}/{part}.jsonl" for name in ("bank", "shop") for part in ("train", "val")))
    taskset = made(here)
    assert (len(taskset.texts), len(taskset.tasks_with_items)) == (12, 6)


def test_usual_names_of_fields_are_guessed_and_said(meta_reward: MetaReward, here: Path) -> None:
    for name in ("train", "val"):
        write(here / f"{name}.jsonl", [{"question": f"{name} {n}?", "answer": n} for n in range(5)])
    out = classify(meta_reward, "train.jsonl", "val.jsonl", keys="")
    assert out.startswith("text: field question; label: field answer\n")
    assert made(here).training[3].label == "3"


def test_what_could_be_looked_up_is_left_out_of_the_splits_and_counted(meta_reward: MetaReward, here: Path) -> None:
    two = [{"body": "Both?", "topic": label} for label in LABELS]
    write(here / "train.jsonl", [*rows(4), {"body": "message 0.", "topic": "delivery"}])
    extra = [{"body": "message  3.", "topic": "delivery"}, *rows(1, first=9), *rows(1, first=9), *two]
    write(here / "val.jsonl", [*rows(6, first=10), *extra, {"body": "Rare.", "topic": "complaint"}])
    told = json.loads(
        meta_reward(
            *"import train.jsonl val.jsonl --name mail --kind classify --text body --label topic --json".split()
        ).out
    )
    assert told["left_out"] == {"in_training": 1, "repeated": 1, "contradictory": 2}
    [mail] = told["datasets"]
    assert (mail["training"], mail["texts"], mail["two_labels"], mail["unlearnable"]) == (5, 8, 1, 1)
    out = classify(meta_reward, "train.jsonl", "val.jsonl", keys="--text body --label topic --force")
    assert "mail: 1 training text with more than one label, kept\n" in out
    assert "mail: 1 of 8 texts whose label no training example has: a program cannot learn it from them\n" in out
    assert (
        "left out of the splits: 1 also among the training examples, 1 given twice, 2 given with more than one label\n"
    ) in out


def test_made_again_with_more_texts_no_text_changes_its_split(meta_reward: MetaReward, here: Path) -> None:
    write(here / "train.jsonl", rows(4))
    write(here / "val.jsonl", rows(10, first=4))
    classify(meta_reward, "train.jsonl", "val.jsonl")
    before = {split: said(made(here), split) for split in ("search", "validation", "test")}
    write(here / "val.jsonl", rows(30, first=4))
    classify(meta_reward, "train.jsonl", "val.jsonl", keys="--text body --label topic --force")
    for split, texts in before.items():
        assert texts < said(made(here), split)


@pytest.mark.parametrize(
    ("content", "flags", "told"),
    [
        (
            rows(9),
            "--text subject",
            "mail.jsonl: has no field 'subject'; it has body, topic (name a field with --text)",
        ),
        (rows(9), "", "mail.jsonl: says nowhere what --text is; it has body, topic (name a field with --text)"),
        (rows(9), "--text body --label topic --dataset x", "mail.jsonl: has no field 'x'; it has body, topic"),
        ([*rows(3), {"body": "x"}], "--text body --label topic", "line 4, topic: is missing; the row has body"),
        ([*rows(3), {"body": " ", "topic": "x"}], "--text body --label topic", "line 4, body: is empty"),
        ([*rows(3), {"body": "a", "topic": ""}], "--text body --label topic", "line 4, topic: is empty"),
        ([*rows(3), {"body": ["a"], "topic": "x"}], "--text body --label topic", "line 4, body: is a list, not text"),
        (rows(4), "--text body --label topic", "leaves 2 texts to classify, too few to divide into search, validation"),
        (rows(9), "--text body --label topic --split topic", "line 1, topic: is 'refund', not one of train, training"),
        (rows(9), "--text body --label topic --append", "--append means nothing to --kind classify: it is for --kind"),
    ],
)
def test_bad_input_is_told_in_one_line(
    meta_reward: MetaReward, here: Path, content: list[Row], flags: str, told: str
) -> None:
    write(here / "mail.jsonl", content)
    ran = meta_reward("import", "mail.jsonl", "--name", "mail", "--kind", "classify", *flags.split())
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err.splitlines()[1 if "errors" in ran.err.splitlines()[0] else 0]
    assert not (here / "tasks").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("--text body", "--text means nothing to --kind reward: it is for --kind classify; leave it out"),
        ("--kind sort", "unknown kind 'sort': known: reward, classify, solve, agent"),
    ],
)
def test_kind_and_its_options_must_fit(meta_reward: MetaReward, here: Path, flags: str, told: str) -> None:
    write(here / "mail.jsonl", rows(9))
    ran = meta_reward("import", "mail.jsonl", "--name", "mail", *flags.split())
    assert (ran.code, ran.err) == (1, f"meta-reward: {told}\n")


def test_rows_with_errors_can_be_skipped_and_are_counted(meta_reward: MetaReward, here: Path) -> None:
    write(here / "train.jsonl", rows(4))
    write(here / "val.jsonl", [*rows(6, first=4), {"body": "x"}, {"body": "", "topic": "y"}])
    out = classify(meta_reward, "train.jsonl", "val.jsonl", keys="--text body --label topic --skip-errors")
    assert "skipped 2 of 12: line 7, topic: is missing; the row has body; line 8, body: is empty\n" in out
