"""The functions that programs may define: what each is given, and what it may return.

    reward(trajectory, judge) -> Reward      predict(memory, text, model) -> str
    solve(problem, model, corpus) -> str     learn(memory, example, model) -> str
    act(task, model, world) -> None or str   compare(trajectories, judge) -> Comparison

Both ends of the sandbox use this table: the child calls a function and checks what it returns; the parent, which trusts
no child, checks that again. Imports only the standard library and the harness runtime.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.harness.runtime import Comparison, Example, Reward, check_comparison, check_reward
from meta_reward.trajectory import parse_trajectory

MEMORY = "memory"
"""The argument that may be another run's output."""
MAX_MEMORY_CHARS = 1_000_000
MAX_ANSWER_CHARS = 20_000
"""The longest label or answer: as long as a whole reply, and no longer, since the record repeats each several times."""


class TooLong(ValueError):
    """A text longer than a program may return, such as the reply of a model that did not stop."""


MAX_REMARK_CHARS = 10_000
"""The longest text that `act` may return."""

Output = Reward | Comparison | str
"""What a program returns."""


def _fits_anything(output: Output, arguments: Mapping[str, Any]) -> None:
    """Accept any output."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One function of a program."""

    name: str
    parameters: tuple[str, ...]
    """Names of the parameters, as messages give them."""
    prepare: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Takes arguments in JSON form, returns them by parameter, without the model and the host."""
    parse: Callable[[Any], Output]
    """Takes what the function returned, or its JSON form; returns the output. Raises ValueError if it is not valid."""
    host: str = ""
    """The parameter through which the program asks its host; empty if it has none."""
    check: Callable[[Output, Mapping[str, Any]], None] = _fits_anything
    """Takes an output and the arguments in JSON form. Raises ValueError if the output does not fit the arguments."""

    @property
    def signature(self) -> str:
        return f"async def {self.name}({', '.join(self.parameters)})"

    @property
    def model(self) -> str:
        """The parameter that is the model."""
        return next(name for name in self.parameters if name in ("judge", "model"))


def _parse_reward(value: Any) -> Reward:
    if isinstance(value, dict):
        return check_reward(Reward(value.get("score"), value.get("reason"), value.get("findings")))  # type: ignore[arg-type]
    return check_reward(value)


def _parse_comparison(value: Any) -> Comparison:
    if isinstance(value, dict):
        return check_comparison(Comparison(value.get("scores"), value.get("reason"), value.get("findings")))  # type: ignore[arg-type]
    return check_comparison(value)


def _check_count(output: Output, arguments: Mapping[str, Any]) -> None:
    """Raise ValueError unless there is one score for each trajectory."""
    given, wanted = len(output.scores) if isinstance(output, Comparison) else 0, len(arguments["trajectories"])
    if given != wanted:
        raise ValueError(f"compare() returned {given} scores for {wanted} trajectories")


def _text(function: str, what: str, *, most: int = MAX_ANSWER_CHARS) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{function}() returned {type(value).__name__}, not {what}")
        if len(value) > most:
            raise TooLong(f"{function}() returned {len(value):,} characters, more than {most:,}")
        return value.encode(errors="replace").decode()  # half of a surrogate pair cannot be encoded

    return parse


def _parse_remark(value: Any) -> str:
    """The text that an agent may leave about its work, which is not scored; None becomes an empty text."""
    text = "" if value is None else _text("act", "a text or None")(value)
    if len(text) > MAX_REMARK_CHARS:
        raise ValueError(f"act() returned {len(text):,} characters, more than {MAX_REMARK_CHARS:,}")
    return text


def _example(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {MEMORY: arguments[MEMORY], "example": Example(arguments["text"], arguments["label"])}


_TABLE = (
    Entry(
        "reward",
        ("trajectory", "judge"),
        lambda given: {"trajectory": parse_trajectory(given["trajectory"])},
        _parse_reward,
    ),
    Entry(
        "compare",
        ("trajectories", "judge"),
        lambda given: {"trajectories": tuple(map(parse_trajectory, given["trajectories"]))},
        _parse_comparison,
        check=_check_count,
    ),
    Entry("predict", (MEMORY, "text", "model"), dict, _text("predict", "a label")),
    Entry("learn", (MEMORY, "example", "model"), _example, _text("learn", "a text", most=MAX_MEMORY_CHARS)),
    Entry("solve", ("problem", "model", "corpus"), dict, _text("solve", "an answer"), host="corpus"),
    Entry("act", ("task", "model", "world"), lambda given: {"task": given["task"]}, _parse_remark, host="world"),
)
ENTRIES = {entry.name: entry for entry in _TABLE}


def output_to_json(output: Output) -> Any:
    """The JSON form of an output."""
    if isinstance(output, Reward):
        return {"score": output.score, "reason": output.reason, "findings": dict(output.findings)}
    if isinstance(output, Comparison):
        return {"scores": list(output.scores), "reason": output.reason, "findings": dict(output.findings)}
    return output
