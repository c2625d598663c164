"""The simulated reader finds examples, notes, labels and the text to classify, however a program lays them out."""

import pytest

from meta_reward.completion import Request
from meta_reward.offline.reader.prompt import read_prompt
from meta_reward.trajectory import Message

BOTH = {("my head hurts", "migraine"), ("I sneeze a lot", "common cold")}
ASKED = "I have a sore throat"
LAYOUTS = {
    "arrows": """\
Classify the text.
my head hurts -> migraine
I sneeze a lot -> common cold
I have a sore throat ->""",
    "bullets with arrows": """\
Examples:
- my head hurts => migraine
- I sneeze a lot => common cold

Text: I have a sore throat
Answer with the label only.""",
    "two lines": """\
Say which label fits.

Text: my head hurts
Label: migraine

Text: I sneeze a lot
Label: common cold

Text: I have a sore throat
Label:""",
    "input and output": """\
Input: my head hurts
Output: migraine
Input: I sneeze a lot
Output: common cold
Input: I have a sore throat
Output: """,
    "numbered": """\
## Examples

Example 1
Question: my head hurts
Answer: migraine

Example 2
Question: I sneeze a lot
Answer: common cold

## Text to classify

I have a sore throat

Answer with one line, `Label: <label>`.""",
    "bold keys": """\
**Text:** my head hurts
**Label:** migraine
**Text:** I sneeze a lot
**Label:** common cold
**Text:** I have a sore throat
**Label:**""",
    "objects": """\
{"text": "my head hurts", "label": "migraine"}
{"text": "I sneeze a lot", "label": "common cold"}

Classify: reply as JSON.
{"text": "I have a sore throat"}""",
    "a list of objects": """\
[{"sentence": "my head hurts", "class": "migraine"}, {"sentence": "I sneeze a lot", "class": "common cold"}]
Sentence: I have a sore throat""",
    "tags": """\
<examples>
<example><text>my head hurts</text><label>migraine</label></example>
<example><text>I sneeze a lot</text><label>common cold</label></example>
</examples>
<text>
I have a sore throat
</text>
Reply with the label.""",
    "label first": """\
Label: migraine
Text: my head hurts

Label: common cold
Text: I sneeze a lot

Now classify this new message:
I have a sore throat""",
    "under their labels": """\
Examples:
migraine:
- my head hurts
common cold:
- I sneeze a lot

Text: I have a sore throat""",
    "in quotes": """\
Text: my head hurts
Label: "migraine"
Text: I sneeze a lot
Label: `common cold`
Text: I have a sore throat
Label: ?""",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_examples_and_the_text_are_found_in(layout: str) -> None:
    found = read_prompt(Request((Message("user", LAYOUTS[layout]),)))
    assert {(piece.text, piece.label) for piece in found.examples} == BOTH
    assert found.query == ASKED
    assert found.asked


@pytest.mark.parametrize(
    "listed",
    [
        "Labels: migraine, common cold",
        "Labels: migraine | common cold",
        'The labels are: "migraine", "common cold"',
        "Answer with one of: migraine; common cold",
        "Labels:\n- migraine\n- common cold\n",
        "Choose one of these labels:\n1. migraine\n2. common cold\n",
        "# Categories\nmigraine\ncommon cold\n",
        "Labels:\n- migraine: pain in the head\n- common cold: sneezing\n",
    ],
)
def test_labels_are_found_in(listed: str) -> None:
    found = read_prompt(Request((Message("user", f"{listed}\nText: {ASKED}\nLabel:"),)))
    assert [piece.label for piece in found.names] == ["migraine", "common cold"]
    assert found.query == ASKED


def test_labels_are_found_in_a_schema() -> None:
    schema = {"type": "object", "properties": {"label": {"enum": ["migraine", "common cold"]}}}
    found = read_prompt(Request((Message("user", ASKED),), schema=schema))
    assert ([piece.label for piece in found.names], found.query) == (["migraine", "common cold"], ASKED)


@pytest.mark.parametrize(
    "noted",
    [
        "## Notes\nmigraine: head, light\ncommon cold: sneezing\n",
        "<playbook>\n- migraine: head, light\n- common cold: sneezing\n</playbook>",
        "Labels: migraine, common cold\nmigraine: head, light\ncommon cold: sneezing",
        "Hints on the labels:\n* **migraine** - head, light\n* **common cold** - sneezing",
    ],
)
def test_notes_are_found_in(noted: str) -> None:
    found = read_prompt(Request((Message("user", f"{noted}\n\nText: {ASKED}\nLabel:"),)))
    assert [(piece.label, piece.text) for piece in found.notes] == [
        ("migraine", "head, light"),
        ("common cold", "sneezing"),
    ]
    assert found.query == ASKED


def test_a_label_may_hold_a_colon_and_a_text_several_lines() -> None:
    case = "事实:经审理查明：\n（一）被告人盗走手机。"
    prompt = f"Labels:\n- 罪名:盗窃\n- 罪名:诈骗\n\nText: {case}\nLabel: 罪名:盗窃\n\nText: 事实:骗取\nLabel:"
    found = read_prompt(Request((Message("user", prompt),)))
    assert [piece.label for piece in found.names] == ["罪名:盗窃", "罪名:诈骗"]
    assert [(piece.text, piece.label) for piece in found.examples] == [(case, "罪名:盗窃")]
    assert found.query == "事实:骗取"


def test_a_text_may_hold_an_arrow() -> None:
    found = read_prompt(Request((Message("user", "Text: CCO -> CC=O\nLabel: oxidation\nText: CC=O -> CCO\nLabel:"),)))
    assert [(piece.text, piece.label) for piece in found.examples] == [("CCO -> CC=O", "oxidation")]
    assert found.query == "CC=O -> CCO"
