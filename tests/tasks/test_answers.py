"""Right answers however they are written, and wrong ones however alike they look."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_reward.tasks.answers import boxed_answer, is_same_answer, normal_answer

ALIKE = [
    (r"\frac12", "1/2"),
    ("0.50", r"\dfrac{1}{2}"),
    (r"\frac{2}{4}", r"\tfrac12"),
    (r"\frac{50}3", "50/3"),
    (r"2\frac{1}{2}", "2 1/2"),
    (r"-\frac{1}{2}", r"\frac{-1}{2}"),
    (r"0.\overline{3}", "1/3"),
    ("33,\\!800", "33800"),
    ("1{,}008{,}016", "1,008,016"),
    ("007", "7.00"),
    (r"so it is \boxed{x = 5}.", "5"),
    ("$ 5 $", "5."),
    (r"5\text{ cm}^2", "5 square inches"),
    ("16 daps", r"16\text{ daps}"),
    (r"\$675", "675 dollars"),
    (r"30^\circ", "30°"),
    (r"\cos 6^\circ", r"\cos(6)"),
    (r"25\%", "25"),
    (r"\text{(C)}", "C"),
    (r"\text{Wednesday}", "wednesday."),
    ("4:51 p.m.", r"4\!:\!51\text{ PM}"),
    ("12 - 8\\sqrt{2}", "-8√2+12"),
    (r"\frac{3\sqrt{10}}{5}", "3/5*sqrt(10)"),
    (r"\frac{\sqrt[3]{4}}{6}", r"\sqrt[3]{4}/6"),
    ("50 \\pi", "50π"),
    (r"2^{27} - 2^{11}", "2^27-2^11"),
    ("(3y - 5)^2", "(-5+3y)^2"),
    ("x²", "x^{2}"),
    (r"\left( \frac{15}{4}, 0 \right)", "(3.75,0)"),
    (r"x \in (-\infty,0]", "(-inf, 0]"),
    (r"(7,\infty) \cup [-1, 1)", r"[-1,1) \cup (7, \infty)"),
    (r"\begin{pmatrix} 1 & \phantom -1 \\ 3 & 4 \end{pmatrix}", r"\begin{bmatrix}1&-1\\3&4\end{bmatrix}"),
    (r"6, 8\text{, and }10", "10, 6 and 8"),
    (r"\{1, 2\}", "2,1"),
    ("220110_3", "220110_{3}"),
    (r"\log_2 3", r"\log_{2}(3)"),
    (r"\dbinom62", r"\binom{6}{2}"),
    ("y = 2x+3", "3 + 2x"),
]
UNLIKE = [
    ("1/2", "1/3"),
    ("-3", "3"),
    ("2+3", "5"),
    ("2*3", "6"),
    ("0.5*3", "1.5"),
    ("1/2/3", "1/6"),
    ("x(x+1)", "x^2+x"),
    ("4!", "4"),
    ("2^3", "23"),
    ("10_2", "10"),
    ("4xy", "4"),
    ("X", "x"),
    ("(0,3)", "[0,3)"),
    ("(1,2)", "(2,1)"),
    ("12", "1,2"),
    ("1,2,3", "123"),
    ("(1,000)", "1000"),
    ("5%", "0.05"),
    ("6/0", "6"),
    ("x<3", "x>3"),
    ("4:51 a.m.", "4:51 p.m."),
    ("ABC", "CBA"),
    ("no", "on"),
    ("two lines", "one line"),
    ("", "0"),
    ("The answer is 5", "5"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_the_same_answer_is_recognised_however_it_is_written(one: str, other: str) -> None:
    assert is_same_answer(one, other), (normal_answer(one), normal_answer(other))


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_another_answer_is_not_taken_for_it(one: str, other: str) -> None:
    assert not is_same_answer(one, other), normal_answer(one)


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"First \boxed{1}, then $\boxed{\frac{1}{\{2\}}}$.", r"\frac{1}{\{2\}}"),
        (r"\fbox{} is none, \boxed 7 is", "7"),
        (r"\boxed{never closes", None),
        ("nothing", None),
    ],
)
def test_the_last_box_of_a_solution_holds_its_answer(solution: str, answer: str | None) -> None:
    assert boxed_answer(solution) == answer


TOKENS = (
    r"\frac \sqrt { } ( ) [ ] 1 2.5 x y \pi , ; + - * / ^ _ | \text \begin{pmatrix} \end{pmatrix} \\ & \cup = $ \boxed"
)


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TOKENS.split()), max_size=40).map(" ".join)))
def test_any_text_has_a_form_and_equals_itself(text: str) -> None:
    assert is_same_answer(text, text)
    assert is_same_answer(f"  {text}\n", text)


@given(st.integers(-10_000, 10_000), st.integers(1, 1000))
def test_a_fraction_is_its_value(above: int, below: int) -> None:
    value = Fraction(above, below)
    assert normal_answer(rf"\frac{{{above}}}{{{below}}}") == normal_answer(f"{above}/{below}") == str(value)


@given(st.decimals(-10_000, 10_000, places=3), st.integers(0, 3))
def test_a_decimal_is_its_value_whatever_zeros_follow(value: object, zeros: int) -> None:
    assert normal_answer(f"{value}{'0' * zeros}") == str(Fraction(str(value)))


@given(st.integers(), st.integers())
def test_integers_are_alike_only_if_they_are_equal(one: int, other: int) -> None:
    assert is_same_answer(str(one), f"{other:,}") is (one == other)


TERMS = st.lists(
    st.sampled_from(["3x", r"2\sqrt{5}", "7", r"\frac{1}{3}y", r"\pi", "x^2"]), min_size=2, max_size=4, unique=True
)


@given(TERMS, st.randoms(use_true_random=False))
def test_the_order_of_terms_and_of_a_list_does_not_matter(terms: list[str], chance: object) -> None:
    other = list(terms)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert is_same_answer(" + ".join(terms), "+".join(other))
    assert is_same_answer(", ".join(terms), ",".join(other))
    assert is_same_answer(f"({', '.join(terms)})", f"({','.join(other)})") is (terms == other)


def test_a_hostile_answer_takes_no_time_to_speak_of() -> None:
    floods = ["(" * 100_000, r"\sqrt" * 90, "1," * 240, "-" * 499, r"\boxed{" * 20_000, "9" * 5000, "1 " * 100_000]
    for flood, other in itertools.combinations(floods, 2):
        assert not is_same_answer(flood, other)
