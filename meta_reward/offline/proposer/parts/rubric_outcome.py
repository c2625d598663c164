"""The rubric asks for the state the run leaves behind: the right records, the right values, nothing more.

Two runs can read alike and differ in one date or one amount; only a criterion that asks for it makes
a judge compare them.

Risk: a judge that cannot know the right value guesses.
"""

ANSWERS = ("same-changes", "unbacked-claims")


def rubric() -> dict[str, str]:
    """The criteria by name: what was changed, how exactly, and what was left undone."""
    return {
        "right record": "each change was made to the record the user meant: compare ids, names and dates one by one",
        "right values": (
            "amounts, dates, options and counts in each change are exactly those that were agreed and that the policy "
            "yields: recompute them"
        ),
        "complete": "all that the user asked for and the policy allows was done, and it really happened",
        "nothing more": "no change was made beyond that",
    }
