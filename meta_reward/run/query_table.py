"""The queries that can be run on a history, each declared once.

This table defines the commands of `meta-reward`, the commands of the client that an agent has in its jail, and the
check of what that client sends. Under the same names, `queries.py` has the functions that answer, and
`report/queries.py` the functions that render text. This module imports only the standard library, because it is packed
into the client.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a question: a word on the command line if it is required, else an option."""

    name: str
    kind: type = str
    """`str`, `int` (at least 0), or `list` (of names)."""
    default: Any = None
    """The value of an option that is not given. None: the argument is required."""
    help: str = ""
    """Its help text in `meta-reward COMMAND --help`."""
    agent_help: str = ""
    """Its help text in an agent's client, which sees other folders and gets every answer as JSON."""

    @property
    def is_required(self) -> bool:
        return self.default is None


@dataclass(frozen=True, slots=True)
class Query:
    """A question about a history, and the command that asks it."""

    name: str
    help: str
    arguments: tuple[Argument, ...]
    examples: tuple[str, ...] = ()
    """Command lines without `meta-reward`; an agent is shown the first."""
    about: str = ""
    """A further paragraph for `--help`, if one line does not say enough."""
    has_full_text: bool = False
    """Whether it has the option `--full`; without it, long texts are shortened. JSON is never shortened."""
    has_chain: bool = False
    """Whether it has the option `--chain`, which shows only the judge's chain: think, tool, obs, answer."""


_CATEGORY = Argument("category", default="", help="Show pairs of this failure category only.")
_PAIRS_SHOWN = Argument("limit", int, 5, help="Show this many pairs of each kind; 0 shows all.")

QUERIES = (
    Query(
        "ledger",
        "all candidates",
        (Argument("limit", int, 40, help="Show this many candidates, the last ones; 0 shows all."),),
        ("ledger", "ledger night-1"),
    ),
    Query(
        "failures",
        "the pairs that a candidate does not win",
        (Argument("candidate"), _CATEGORY, _PAIRS_SHOWN),
        ("failures c0007", "failures night-1 c0007", "failures c0007 --category over-refusal --limit 20"),
    ),
    Query(
        "flips",
        "the pairs that two candidates decide differently",
        (Argument("first"), Argument("second"), _CATEGORY, _PAIRS_SHOWN),
        ("flips c0003 c0007",),
    ),
    Query(
        "diff",
        "what one program changes against another",
        (Argument("first"), Argument("second")),
        ("diff c0003 c0007",),
        has_full_text=True,
    ),
    Query(
        "trace",
        "what the judge was shown of a trajectory and said",
        (
            Argument("candidate"),
            Argument(
                "trajectory",
                help="the id of a trajectory, or of a pair to see both of its sides",
                agent_help="or a pair, of which both sides are shown",
            ),
            Argument("ask", int, 0, help="Show this question only, counted from 1; 0 shows all."),
        ),
        ("trace c0007 t012-r3", "trace night-1 c0007 t012-p3"),
        has_full_text=True,
        has_chain=True,
    ),
    Query(
        "suspects",
        "search pairs that nearly all good candidates contradict",
        (Argument("limit", int, 20, help="Show this many pairs, the most suspicious ones; 0 shows all."),),
        ("suspects", "suspects night-1"),
        about=(
            "Good: scored, with at least the baseline's agreement on search; of several that win the same pairs one "
            "counts. Nearly all: 80%, of at least 3. Such a pair is labelled wrongly, or no harness sees yet what "
            "makes the difference: look at it with `trace`. It reads the search split only."
        ),
    ),
)

TRY = Query(
    "try",
    "validate a draft and run it on a few search pairs",
    (
        Argument("path", agent_help="a harness, or a folder with harness.py, in the staging folder"),
        Argument("pairs", list, (), agent_help="ids of pairs, tasks or categories, separated by commas"),
    ),
)
"""An extra command for agents: it runs a draft, so the session answers it rather than the history."""
