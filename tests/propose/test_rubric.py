"""The rubric inside a harness: read and replaced as text."""

import ast
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meta_reward.propose.meta.rubric import NoRubric, read_rubric, replace_rubric, tidy
from tests.conftest import PROJECT

WITH_RUBRICS = [
    *sorted((PROJECT / "seed_harnesses").glob("*.py")),
    *sorted((PROJECT / "meta_reward/offline/proposer/parts").glob("rubric_*.py")),
]
SOURCE = (PROJECT / "seed_harnesses" / "policy.py").read_text()


def returned_by_rubric(source: str) -> object:
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    (rubric,) = (node for node in functions if node.name == "rubric")
    assert isinstance(rubric.body[-1], ast.Return)
    return ast.literal_eval(rubric.body[-1].value or ast.Constant(None))


@pytest.mark.parametrize("path", WITH_RUBRICS, ids=lambda path: path.stem)
def test_rubric_is_read_as_python_reads_it(path: Path) -> None:
    assert read_rubric(path.read_text()) == returned_by_rubric(path.read_text())


@example({'a "name" \\': "words and more words " * 20, "'": "\\n {}"})
@given(st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=4))
def test_any_criteria_leave_a_program_that_returns_them(criteria: dict[str, str]) -> None:
    kept = tidy(criteria) or {"quality": "how well"}
    changed = replace_rubric(SOURCE, criteria if tidy(criteria) else kept)
    assert returned_by_rubric(changed) == kept
    assert read_rubric(changed) == kept


def test_all_but_the_rubric_stays_as_it_is() -> None:
    changed = replace_rubric(SOURCE, {"truth": "words alone earn nothing"})
    back = replace_rubric(changed, read_rubric(SOURCE))
    before, after = (text.split("def rubric()")[0] + text.split("async def decide")[1] for text in (SOURCE, back))
    assert before == after


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("async def reward(trajectory, judge): ...\n", "it has no function `rubric()` without arguments"),
        ("def rubric(trajectory):\n    return {'a': 'b'}\n", "it has no function `rubric()` without arguments"),
        ("def rubric() -> dict:\n    return CRITERIA\n", "its function `rubric` does not end with `return {...}`"),
        ('def rubric():\n    return {"a": f(1)}\n', "its dict holds something other than names and texts"),
        ('def rubric():\n    return {"a": "x", **MORE}\n', "its dict holds something other than names and texts"),
        ('def rubric():\n    return {"a"}\n', "its dict holds something other than names and texts"),
        ("def rubric():\n    return {}\n", "its dict is empty"),
    ],
)
def test_harness_without_a_rubric_is_one_clear_error(source: str, why: str) -> None:
    with pytest.raises(NoRubric) as error:
        read_rubric(source)
    assert str(error.value).startswith(f"the harness has no rubric that can be refined: {why}: write it as `def")
