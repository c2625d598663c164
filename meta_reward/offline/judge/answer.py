"""Finds out which form of reply a prompt asks for and writes it: numbers, yes or no, labelled lines, JSON.

A question becomes fields, each with its scale and the mechanisms that it mentions; each field is
answered from the impression, with its own noise and rounding.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meta_reward.files import canonical_json
from meta_reward.offline.judge.findings import topics
from meta_reward.offline.judge.language import STOP, concepts, meaning, words
from meta_reward.offline.judge.pen import NUMBER, TEXT, YES_NO, Field, Pen
from meta_reward.offline.judge.sections import SCALE
from meta_reward.offline.judge.verdict import Impression

_PLACEHOLDER = r"(?:<[^>\n]*>|\[[^\]\n]*\]|\{[^}\n]*\}|\([^)\n]*\)|_{2,}|\.{3}|[NX#]\b|\d+\s*(?:-|–|to)\s*\d+)"
_LABELLED = re.compile(
    rf"^[\W\d]*(?P<label>[A-Za-z][\w /&'-]{{1,40}}?)[*`\"']*\s*[:=]\s*[*`\"']*"
    rf"(?P<slot>{_PLACEHOLDER}|(?:YES|yes|Yes)\s*(?:/|\||or)\s*(?:NO|no|No))",
    re.M,
)
_QUOTED = re.compile(
    rf"[\"“'`*](?P<label>[A-Za-z][\w ]{{1,30}}?)\s*:\s*(?:{_PLACEHOLDER}|\d+|number|score)(?:/\d+)?[\"”'`*]"
    r"|\b(?P<bare>[A-Z][A-Za-z]{2,15}): (?:<[^>\n]*>|\[[^\]\n]*\]|[NX]\b)"
)
_JSON_ASKED = re.compile(
    r"\b(?:repl|respon|return|answer|output|format|give|write|produce|with|in|as|only|valid)\w*\b.{0,40}\bjson\b", re.I
)
_TEMPLATE = re.compile(r"\{[^{}]*[\"'][\w -]+[\"']\s*:[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", re.S)
_TEMPLATE_KEY = re.compile(r"[\"'](?P<key>[\w -]+)[\"']\s*:\s*(?P<slot>[^,}\n]+)")
_QUOTED_KEY = re.compile(r"[\"'`]([\w -]+)[\"'`]")
_KEYS = re.compile(r"\b(?:keys?|fields?|propert(?:y|ies))\b[^\w\"'`]*(?P<names>[^.\n]{3,120})", re.I)
_YES_NO = re.compile(
    r"\byes\b\W{0,3}(?:or|/|\||and)?\W{0,3}\bno\b|\bpass\b\W{0,3}(?:or|/|\|)\W{0,3}fail\b|\btrue\b\W{0,3}(?:or|/|\|)\W{0,3}false\b",
    re.I,
)
_QUESTION = re.compile(r"^\s*(?P<mark>(?:\(?\d+[.):]|[-*•]|[A-Z]\d*[.):]))\s*(?P<text>.+\?)\W*$")
_WHOLE = re.compile(r"\b(?:integer|whole number)\b", re.I)
_TEXTUAL = re.compile(
    r"reason|explan|why|analy|comment|evidence|summary|justif|thought|note|rational|detail|quote|feedback|descri", re.I
)
_WORDY = re.compile(r"text|string|sentence|words|your|\"", re.I)
_NUMERIC = re.compile(r"\b(?:number|int|integer|float|score|[nx])\b", re.I)
_OVERALL = re.compile(r"score|rating|reward|overall|total|grade|points|number|final|verdict", re.I)


def reply_text(instructions: Sequence[str], schema: Mapping[str, Any] | None, pen: Pen) -> str:
    """The reply to these instructions."""
    text = "\n".join(instructions)
    if schema is not None:
        return canonical_json(fill_schema(schema, pen)).decode()
    scale = _scale(text, instructions)
    if _JSON_ASKED.search(text):
        return canonical_json({f.label: _json_value(f, pen) for f in _json_fields(text, scale)}).decode()
    thought = explain(pen.impression) + "\n\n" if pen.impression.stance.reasons else ""
    return thought + _plain_answer(instructions, text, scale, pen)


def fill_schema(schema: Mapping[str, Any], pen: Pen, name: str = "", note: str = "") -> Any:
    """A value of the shape a JSON schema asks for, every number and verdict answered from its own name."""
    note = str(schema.get("description", note))
    if "enum" in schema:
        return _choose(list(schema["enum"]), _field(name, note), pen)
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = next((k for k in kind if k != "null"), "null") if isinstance(kind, list) else kind
    makers: dict[str, Callable[[], Any]] = {
        "object": lambda: {k: fill_schema(v, pen, k) for k, v in schema.get("properties", {}).items()},
        "array": lambda: (
            [fill_schema(schema.get("items", {}), pen, name, note)] * max(1, int(schema.get("minItems", 1)))
        ),
        "number": lambda: pen.number(_number_field(schema, name, note)),
        "integer": lambda: round(pen.number(_number_field(schema, name, note))),
        "boolean": lambda: pen.yes(_field(name, note)),
        "null": lambda: None,
    }
    return makers.get(kind, lambda: _text_value(name, note, pen))()


def explain(impression: Impression) -> str:
    """A few sentences on what weighed most, as a judge would put it."""
    heaviest = sorted(impression.evidence, key=lambda m: -abs(impression.evidence[m] * impression.attention[m]))[:3]
    told = [_REMARKS[m][impression.evidence[m] > 0] for m in heaviest if abs(impression.evidence[m]) > 0.05]
    return " ".join(told) or "Nothing in what is shown stands out for or against the agent."


_REMARKS = {
    "authority": ("What the agent did does not fit the policy.", "The agent's decision fits the policy."),
    "consent": ("A change was made without the customer's agreement.", "Changes were agreed to before they were made."),
    "claims": ("The agent says things that no call supports.", "What the agent says it did is supported by its calls."),
    "record": ("Details of a change do not match the record or the request.", "The details of the changes match."),
    "outcome": ("The request was not brought to a good end.", "The customer's request was dealt with."),
    "faults": ("Errors were left standing.", "The calls went through cleanly."),
}


def _plain_answer(instructions: Sequence[str], text: str, scale: tuple[float, float], pen: Pen) -> str:
    fields = [_slot_field(m["label"], m["slot"], scale) for m in _LABELLED.finditer(text)]
    if fields:
        return "\n".join(f"{f.label}: {_written(f, pen)}" for f in fields)
    questions = [found for line in instructions if (found := _QUESTION.match(line))]
    quoted = _QUOTED.search(text)
    label = (quoted["label"] or quoted["bare"]) if quoted else "Score"
    whole = bool(_WHOLE.search(text))
    final = f"{label}: {pen.number(Field(label, low=scale[0], high=scale[1], whole=whole))}"
    if not _YES_NO.search(text):
        return (
            final if quoted or pen.impression.stance.reasons or "number" not in text.lower() else final.split(": ")[1]
        )
    wording = _wording(text)
    lines = [f"{q['mark']} {_written(_yes_no(q['text'], wording), pen)}" for q in questions]
    if not lines:
        lines = [_written(_yes_no(_asked(instructions), wording), pen)]
    return "\n".join([*lines, final] if SCALE.search(text) else lines)


def _yes_no(question: str, wording: tuple[str, str]) -> Field:
    named = topics(question)
    return Field(question, YES_NO, topics=tuple(named), good=all(named.values()), words=wording)


def _asked(instructions: Sequence[str]) -> str:
    asked = [line for line in instructions if "?" in line]
    return asked[-1].rpartition("?")[0] if asked else ""


def _written(field: Field, pen: Pen) -> str:
    if field.kind == YES_NO:
        return field.words[0] if pen.yes(field) else field.words[1]
    return explain(pen.impression) if field.kind == TEXT else str(pen.number(field))


def _json_fields(text: str, scale: tuple[float, float]) -> list[Field]:
    templates = _TEMPLATE.findall(text)
    if templates:
        return [_slot_field(m["key"], m["slot"], scale) for m in _TEMPLATE_KEY.finditer(templates[-1])]
    listed = _KEYS.search(text)
    keys = _QUOTED_KEY.findall(listed["names"] if listed else text)
    if listed and not keys:
        keys = [word for word in re.findall(r"[a-z]\w+", listed["names"]) if word not in STOP]
    return [_slot_field(key, "", scale) for key in keys or ("score", "reason")]


def _slot_field(label: str, slot: str, scale: tuple[float, float]) -> Field:
    """A field from its label and its placeholder in a template."""
    plain = _field(label, slot)
    if _YES_NO.search(slot) or slot.strip().lower() in ("true", "false"):
        return replace(plain, words=_wording(slot))
    counted = SCALE.search(slot) or _NUMERIC.search(slot) or slot.strip().isdigit()
    if not counted and (_TEXTUAL.search(f"{label} {slot}") or _WORDY.search(slot)):
        return replace(plain, kind=TEXT)
    low, high = _scale_in(slot) or scale
    return replace(plain, kind=NUMBER, low=low, high=high)


def _json_value(field: Field, pen: Pen) -> Any:
    if field.kind == YES_NO:
        yes = pen.yes(field)
        return yes if field.words == ("true", "false") else field.words[0] if yes else field.words[1]
    return explain(pen.impression) if field.kind == TEXT else pen.number(field)


def _field(name: str, note: str) -> Field:
    """A yes-or-no field from its name, or from the note beside it if the name says nothing."""
    named = topics(name) or dict.fromkeys(topics(note), True)
    overall = _OVERALL.search(name) and not topics(name)
    return Field(name, YES_NO, topics=() if overall else tuple(named), good=all(named.values()))


def _number_field(schema: Mapping[str, Any], name: str, note: str) -> Field:
    stated = _scale_in(note) or (0.0, 100.0)
    low = float(schema.get("minimum", schema.get("exclusiveMinimum", stated[0])))
    high = float(schema.get("maximum", schema.get("exclusiveMaximum", max(stated[1], low + 1))))
    return replace(_field(name, note), kind=NUMBER, low=low, high=high, whole=schema.get("type") == "integer")


def _choose(options: list[Any], field: Field, pen: Pen) -> Any:
    """One of the options, ranked by their words if these say which is better, else taken as best first."""

    def worth(option: Any) -> int:
        found = meaning(words(str(option)))
        return bool(found & {"good", "yes", "pleased"}) - bool(found & {"bad", "no", "negate", "error"})

    score = pen.score(field)
    ranked = sorted(options, key=worth) if any(map(worth, options)) else options[::-1]
    if all(isinstance(o, int | float) for o in options):
        ranked = sorted(options)
    place = min(len(ranked) - 1, int(score / 100 * len(ranked)))
    return ranked[place if field.good else len(ranked) - 1 - place]


def _text_value(name: str, note: str, pen: Pen) -> str:
    if _YES_NO.search(note):
        return _written(replace(_field(name, note), words=_wording(note)), pen)
    return explain(pen.impression)


def _wording(text: str) -> tuple[str, str]:
    found = _YES_NO.search(text)
    first, *_, last = re.findall(r"[A-Za-z]+", found[0]) if found else ("yes", "no")
    return (first, last) if {"yes"} & concepts(first.lower()) else (last, first)


def _scale(text: str, instructions: Sequence[str]) -> tuple[float, float]:
    """The last scale in lines about scoring; 0 to 100 if none is named."""
    asked = [line for line in instructions if SCALE.search(line) and meaning(words(line)) & {"evaluate"}]
    for line in reversed(asked or list(instructions)):
        found = _scale_in(line)
        if found:
            return found
    return (0.0, 1.0) if re.search(r"\bprobability\b", text, re.I) else (0.0, 100.0)


def _scale_in(text: str) -> tuple[float, float] | None:
    for low, high, of, per in SCALE.findall(text):
        pair = (float(low), float(high)) if high else (0.0, float(of or per))
        if pair[0] < pair[1] <= 1000:
            return pair
    return None
