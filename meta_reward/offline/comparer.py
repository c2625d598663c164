"""A simulated judge that is shown several runs at once, in sections such as `## Run A` and `## Run B`.

**Its numbers say nothing about any real model.** It reads each run as the simulated judge does (`offline/judge`), with
what else stands in the prompt, but in a longer prompt, and answers with a score for each, or with the better one. Any
other request it answers as that judge does, with the same noise.

    weakness    what it does                                   what it yields to
    position    favours what is shown first                    both orders; being told that the order means nothing;
                                                               a little, reasons before the answer
    length      reads less, the more runs there are, and is    shorter views, asking about each run by itself
                noisier the more it is shown of them
    the judge's own biases, as there

Part of its noise hangs on the whole prompt: that part is the same for all runs in it, and cancels.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from typing import Any

from meta_reward.completion import Request
from meta_reward.errors import UsageError
from meta_reward.files import canonical_json
from meta_reward.offline.judge import WINDOW_TOKENS, SimulatedJudge
from meta_reward.offline.judge.answer import explain
from meta_reward.offline.judge.episode import understand
from meta_reward.offline.judge.pen import Field, Pen
from meta_reward.offline.judge.prompt import Prompt, read_request
from meta_reward.offline.judge.sections import WEAK, heading_of, is_request
from meta_reward.offline.judge.settings import NAMES, Strengths, strengths_of
from meta_reward.offline.judge.tools import calls_to_make
from meta_reward.offline.judge.verdict import form_impression
from meta_reward.offline.simulated import changed_strengths
from meta_reward.trajectory import ToolCall

VERSION = 1
POSITION_POINTS = 9.0
"""Between the first and the last run, at a strength of 1."""
_LABEL = re.compile(
    r"(?i)(?:the )?(?:run|trajectory|conversation|transcript|agent|candidate|attempt|response)\s+([A-J]|\d{1,2})"
)
_ORDER_MEANS_NOTHING = re.compile(
    r"(?i)\b(?:order|position|place|shown first|comes first)\b.{0,60}\b(?:nothing|no meaning|not matter|no matter"
    r"|irrelevant|regardless|arbitrary|random|no reason)\b|\b(?:ignore|disregard|regardless of)\b.{0,30}\border\b"
)
_BETTER = re.compile(r"(?i)\b(better|best|winner|preferred)\s*:\s*[<\[(`A-J1-9]")
_WHICH = re.compile(r"(?i)better|best|winner|preferred|choice")


@dataclass(frozen=True, slots=True)
class Position:
    """How strong its own weakness is: 0 none, 1 as calibrated, more is worse."""

    position: float = 1.0


@dataclass(frozen=True, slots=True)
class _Section:
    """A piece of a message. label: of the run it shows; empty for what belongs to all of them."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class _PlacedPen(Pen):
    """A pen that favours a run by so many points for where it stands."""

    points: float = 0.0

    def score(self, field: Field) -> float:
        return min(100.0, max(0.0, Pen.score(self, field) + self.points))


class SimulatedComparer(SimulatedJudge):
    """Answers from the request alone, the same to the same request, draw and seed."""

    who = "comparer"
    kind = "simulated:comparer"

    def __init__(self, strengths: Strengths, position: Position, *, seed: int, window_tokens: int) -> None:
        super().__init__(strengths, seed=seed, window_tokens=window_tokens, preset="")
        self.settings = {**self.settings, "comparer": VERSION, **asdict(position)}
        self._position = position.position

    def say(self, request: Request, draw: int, digest: str) -> str | Sequence[ToolCall]:
        at, sections = _runs_in(request)
        labels = [section.label for section in sections if section.label]
        if len(set(labels)) < 2:
            return super().say(request, draw, digest)
        prompts = {label: _prompt_about(request, at, sections, label) for label in dict.fromkeys(labels)}
        first = next(iter(prompts.values()))
        calls = calls_to_make(request, understand(first.turns)) if request.tools else ()
        if calls:
            return calls
        return _reply(request, first.instructions, self._pens(request, prompts, draw, digest))

    def _pens(self, request: Request, prompts: Mapping[str, Prompt], draw: int, digest: str) -> dict[str, _PlacedPen]:
        """What answers for each run, by label, in the order in which they are shown."""
        apart = (request.schema or {}).get("properties", {})
        shown = sum(len(turn.text) for prompt in prompts.values() for turn in prompt.turns)
        pens = {}
        for place, (label, prompt) in enumerate(prompts.items()):
            seen = form_impression(prompt, self.strengths, self.dice, asked_apart=apart)
            told = any(_ORDER_MEANS_NOTHING.search(line) for line in prompt.instructions)
            points = self._position * POSITION_POINTS * (0.4 if told else 1.0) * (0.7 if seen.stance.reasons else 1.0)
            ahead = 0.5 - place / (len(prompts) - 1)
            pens[label] = _PlacedPen(replace(seen, shown=shown), self.dice, draw, digest, points * ahead)
        return pens


def simulated_comparer(*, seed: int = 0, window_tokens: int = WINDOW_TOKENS, **strengths: float) -> SimulatedComparer:
    """A simulated comparer by seed and changed strengths, its own and the judge's.

    Raises UsageError, which lists what is known, for another strength.
    """
    own = {name: value for name, value in strengths.items() if name not in NAMES}
    if unknown := sorted(set(own) - {"position"}):
        known = f"known are position, {', '.join(NAMES)}"
        raise UsageError(f"unknown strength {unknown[0]!r} of the simulated comparer", hint=known)
    position = changed_strengths(Position(), own, "comparer")
    of_judge = strengths_of("", {name: value for name, value in strengths.items() if name in NAMES})
    return SimulatedComparer(of_judge, position, seed=seed, window_tokens=window_tokens)


def _runs_in(request: Request) -> tuple[int, list[_Section]]:
    """The first message of a user that shows several runs, by its place, in sections; empty without one."""
    for at, message in enumerate(request.messages):
        if message.role == "user":
            sections = _sections_of(message.content)
            if len({section.label for section in sections} - {""}) > 1:
                return at, sections
    return 0, []


def _sections_of(text: str) -> list[_Section]:
    """A text in sections. A run ends at a heading in the style of its own, or where something is asked."""
    found, label, style, blank = [_Section("", "")], "", "", True
    for line in text.splitlines(keepends=True):
        heading = heading_of(line.rstrip("\n"))
        run = _LABEL.fullmatch(heading[1].strip()) if heading and heading[0] not in WEAK else None
        if run and heading:
            label, style = run[1].upper(), heading[0]
        elif label and ((heading and heading[0] == style) or (blank and is_request(line) and line[:1] != "[")):
            label = ""
        if label != found[-1].label or run:
            found.append(_Section(label, ""))
        found[-1] = replace(found[-1], text=found[-1].text + line)
        blank = not line.strip()
    return found


def _prompt_about(request: Request, at: int, sections: Sequence[_Section], label: str) -> Prompt:
    """The request as if it showed one run alone, each part where it stands in the whole."""
    kept = [section.label in ("", label) for section in sections]
    message = request.messages[at]
    own = replace(message, content="".join(s.text for s, keep in zip(sections, kept, strict=True) if keep))
    alone = replace(request, messages=(*request.messages[:at], own, *request.messages[at + 1 :]))
    before = len(request.system or "") + sum(len(m.content) for m in request.messages[:at])
    ends = list(accumulate(len(section.text) for section in sections))
    starts = [(end - len(s.text), s, keep) for end, s, keep in zip(ends, sections, kept, strict=True)]
    places, moved, gone = [0], [0], 0
    for start, section, keep in starts:
        if keep:
            places.append(before + start - gone)
            moved.append(gone)
        else:
            gone += len(section.text)

    def place(one: int) -> int:
        return one + moved[bisect_right(places, one) - 1]

    read = read_request(alone)
    return replace(
        read,
        turns=tuple(replace(turn, at=place(turn.at)) for turn in read.turns),
        policy=tuple(replace(line, at=place(line.at)) for line in read.policy),
        findings=tuple(replace(line, at=place(line.at)) for line in read.findings),
        size=read.size + gone,
    )


def _reply(request: Request, instructions: Sequence[str], pens: Mapping[str, _PlacedPen]) -> str:
    """A score for each run in the words of the question, or the better one where that is asked."""
    scores = {label: pen.number(Field(f"Score {label}")) for label, pen in pens.items()}
    best = max(scores, key=lambda label: scores[label])
    if request.schema is not None:
        named = request.schema.get("properties", {})
        return canonical_json({name: _value(name, scores, best, pens) for name in named}).decode()
    text = "\n".join(instructions)
    told = [f"Run {label}: {explain(pen.impression)}" for label, pen in pens.items()]
    thought = "\n".join(told) + "\n\n" if pens[best].impression.stance.reasons else ""
    if asked := _BETTER.search(text):
        return f"{thought}{asked[1].capitalize()}: {best}"
    lead = re.search(rf"\b([A-Z][a-z]+) {re.escape(next(iter(scores)))}\s*:\s*[<\[(]", text)
    return thought + "\n".join(f"{lead[1] if lead else 'Score'} {label}: {score}" for label, score in scores.items())


def _value(name: str, scores: Mapping[str, float], best: str, pens: Mapping[str, _PlacedPen]) -> Any:
    """What stands under a name in JSON: the score of the run that it ends with, the better one, or why."""
    label = re.split(r"[_\s-]+", name)[-1].upper()
    if label in scores:
        return scores[label]
    return best if _WHICH.search(name) else explain(pens[best].impression)
