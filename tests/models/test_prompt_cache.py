"""SharedPrefixes beginnings: what a family of prompts has had in common so far, up to a line's end."""

from hypothesis import given
from hypothesis import strategies as st

from meta_reward.models.providers.prompt_cache import FEWEST_CHARS, SharedPrefixes

POLICY = "Policy: be kind to every customer.\n" * 200


def test_first_prompt_of_a_family_shares_nothing_yet() -> None:
    assert SharedPrefixes().shared_length(POLICY) == 0


def test_beginning_ends_with_the_last_line_that_all_share() -> None:
    shared = SharedPrefixes()
    prompts = [POLICY + "Rubric: one to ten.\n" + run for run in ("Run A", "Run B", "Run C")]
    ends = [shared.shared_length(prompt) for prompt in prompts]
    assert ends == [0, *[len(POLICY + "Rubric: one to ten.\n")] * 2]
    assert shared.shared_length(POLICY + "Another rubric.\nRun A") == len(POLICY)


def test_same_prompt_again_is_shared_whole() -> None:
    shared = SharedPrefixes()
    assert [shared.shared_length(POLICY + "Run A") for _ in range(2)] == [0, len(POLICY + "Run A")]


def test_families_do_not_mix() -> None:
    shared = SharedPrefixes()
    other = "Rubric: be strict.\n" * 400
    assert [shared.shared_length(text) for text in (POLICY, other, POLICY, other)] == [0, 0, len(POLICY), len(other)]


def test_no_more_of_a_prompt_is_remembered_than_its_first_part() -> None:
    shared = SharedPrefixes()
    prompt = "All that is known of the run.\n" * 100_000
    assert [shared.shared_length(prompt) for _ in range(3)] == [0, 199_980, 199_980]


def test_short_beginnings_are_not_worth_a_mark() -> None:
    shared = SharedPrefixes()
    assert [shared.shared_length("Policy.\n" * 100 + run) for run in "ab"] == [0, 0]


@given(st.lists(st.text("ab\n", max_size=40), min_size=2, max_size=6))
def test_every_prompt_starts_with_what_is_said_to_be_shared(ends: list[str]) -> None:
    shared = SharedPrefixes()
    prompts = ["x" * FEWEST_CHARS + "\n" + end for end in ends]
    for number, prompt in enumerate(prompts):
        beginning = prompt[: shared.shared_length(prompt)]
        assert all(earlier.startswith(beginning) for earlier in prompts[:number])
