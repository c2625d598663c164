"""Constants: a text comes out whole however it is put together, and nothing of a harness is run to find it."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.harness.validate.folding import GAP
from meta_reward.harness.validate.literals import Literal, literals_of


def texts(source: str) -> set[object]:
    return {literal.value for literal in literals_of(ast.parse(source))}


@pytest.mark.parametrize(
    "expression",
    [
        "'AB12CD'",
        "'AB' '12CD'",
        "'AB' + '12' + 'CD'",
        "part + '12CD'",
        "f'{part}12{\"CD\"}'",
        "f'{unknown}' + 'AB12CD'",
        "''.join(['AB', '12', 'CD'])",
        "''.join(('AB', '12CD'))",
        "'%s12%s' % ('AB', 'CD')",
        "'{}12{}'.format('AB', 'CD')",
        "'DC21BA'[::-1]",
        "'xAB12CDx'[1:-1]",
        "'ab12cd'.upper()",
        "'AB-12-CD'.replace('-', '')",
        "b'AB12CD'.decode()",
        "bytes([65, 66, 49, 50, 67, 68])",
        "bytes.fromhex('414231324344')",
        "'414231324344'",
        "'QUIxMkNE'",
        "chr(65) + chr(66) + '12CD'",
        "''.join(map(chr, [65, 66, 49, 50, 67, 68]))",
        "(65, 66, 49, 50, 67, 68)",
        "''.join(reversed('DC21BA'))",
        "{'AB12CD': 1}",
        "lambda: ['x', ('AB12CD',)]",
    ],
)
def test_text_is_put_together(expression: str) -> None:
    assert any("AB12CD" in str(text) for text in texts(f"part = 'AB'\nvalue = {expression}\n"))


def test_name_that_is_assigned_twice_is_no_constant() -> None:
    assert f"{GAP}12" in texts("a = 'AB'\na = 'CD'\nb = a + '12'\n")


def test_what_a_program_tells_things_apart_by_is_marked() -> None:
    found = literals_of(ast.parse("x = 1\nif y == 2: pass\nz = {3: 4}\nz[5]\n"))
    assert found == [
        Literal(1, 1),
        Literal(2, 2, is_key=True),
        Literal(3, 3, is_key=True),
        Literal(4, 3),
        Literal(5, 4, is_key=True),
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * 10**12",
        "'a' * 1000000000000",
        "('a' * 100000).replace('a', 'b' * 100000)",
        "'%1000000000d' % 1",
        "'{:1000000000}'.format('a')",
        "f\"{'a':1000000000}\"",
        "9 * 9 * 9 * 10**17 * 10**17",
        "x",
        "'abc'[10**30]",
        "''.join([1, 2])",
        "chr(-1)",
        "0x" + "f" * 5000,
        "1e999",
        "-(10**400)",
    ],
)
def test_what_would_fill_the_memory_or_fail_is_no_constant(expression: str) -> None:
    found = texts(f"x = {expression}\n")
    assert all(len(str(text)) < 300_000 for text in found)


def test_name_defined_by_itself_ends() -> None:
    assert "a" in texts("x = y + 'a'\ny = x + 'a'\n")


@given(
    st.recursive(
        st.sampled_from(["'a'", "1", "x", "b'c'"]), lambda e: st.tuples(e, e).map(lambda p: f"({p[0]} + {p[1]})")
    )
)
def test_any_sum_is_answered(expression: str) -> None:
    assert texts(f"y = {expression}\n") is not None
