"""What several mechanisms share; a harness gets a copy of just the definitions its parts use.

Everything here works on any tool-calling run: nothing depends on a domain or on the names of its tools.
"""

import json
import re
from dataclasses import dataclass

from meta_reward.harness import Judge, Message, Reply, Tool, ToolCall, Trajectory

# How tools that change nothing are named or described: by their first word.
LOOKUP = re.compile(
    r"(analyze|browse|calculate|check|compare|compute|count|describe|escalate|estimate|fetch|find|get|handoff|list|load|"
    r"look|lookup|preview|query|quote|read|retrieve|search|show|think|transfer|validate|verify|view)s?|returns"
)
AGREEMENT = re.compile(
    r"(?i)\b(yes|yeah|yep|sure|ok|okay|confirm(ed)?|correct|agreed?|absolutely|proceed|go ahead|please do|do it|"
    r"(sounds|looks) (good|right|great|fine)|that works|that('s| is) (fine|right|correct|good))\b"
)
HESITATION = re.compile(r"(?i)\b(not sure|not yet|wait|hold on|instead|no[,.]|don't|do not|rather not)")
REFUSAL = re.compile(
    r"(?i)\b(can't|cannot|can not|unable|not able|not allowed|not permitted|not eligible|not possible|won't be able|"
    r"unfortunately|against (our |the )?policy|policy does(n't| not))\b"
)
FAILURE = re.compile(r'(?i)^\W*(error|exception|failed|failure|invalid|traceback)\b|"error": *"|"success": *false')
CLAIM = re.compile(
    r"(?i)(\b(i have|i've|has been|have been|is now|are now)( now| also| just| successfully| already)* "
    r"(\w+ed|made|sent|paid|put|given|set)\b|^\W*(done|all set)\b)"
)
LOOKED = re.compile(
    r"(?i)\b(i have|i've)( now| also| just)* (check|look|review|retriev|found|locat|verif|confirm|gather|not)"
)
CONDITION = re.compile(r"(?i)\b(if|unless|once|when|would|will|could|can|not|no|never|cannot|until)\b|n't|\?$")
COMMON = re.compile(
    "about|above|after|agent|also|and|any|are|been|before|being|both|but|can|could|did|does|each|either|else|every|for|"
    "from|had|has|have|her|him|his|how|into|its|just|like|make|many|may|might|more|most|must|need|not|now|off|one|only|"
    "other|our|out|over|own|please|shall|she|should|some|such|than|thanks?|that|the|their|them|then|there|these|they|"
    "this|those|through|too|under|until|upon|use|user|very|want|was|were|what|when|where|which|while|who|will|with|"
    "would|yes|you|your"
)


@dataclass(frozen=True, slots=True)
class Step:
    """A tool call of the agent: the number of its message, its result, whether it worked and changes something."""

    number: int
    call: ToolCall
    result: str
    worked: bool
    changes: bool


def agent_steps(trajectory: Trajectory) -> list[Step]:
    """Every tool call of the agent, in order."""
    results = {message.tool_call_id: message for message in trajectory.messages if message.role == "tool"}
    tools = {tool.name: tool for tool in trajectory.tools}
    return [
        Step(
            number=number,
            call=call,
            result=results[call.id].content if call.id in results else "",
            worked=call.id in results and has_worked(results[call.id]),
            changes=changes_something(call.name, tools.get(call.name)),
        )
        for number, message in enumerate(trajectory.messages, 1)
        if message.role == "assistant"
        for call in message.tool_calls
    ]


def changes_made(trajectory: Trajectory) -> list[Step]:
    """The agent's calls that changed something."""
    return [step for step in agent_steps(trajectory) if step.changes and step.worked]


def changes_something(name: str, tool: Tool | None) -> bool:
    """Whether a tool changes records, judged by the first word of its name and of its description."""
    verb = re.split(r"[^A-Za-z]|(?<=[a-z])(?=[A-Z])", re.split(r"__|[./]", name)[-1])[0].lower()
    first = re.match(r"\W*([A-Za-z]+)", tool.description) if tool else None
    words = {verb, first[1].lower()} if first else {verb}
    return not any(LOOKUP.fullmatch(word) for word in words)


def has_worked(result: Message) -> bool:
    """Whether a tool's result is no error."""
    return not result.is_error and not FAILURE.search(result.content[:500])


def user_agreed(before: tuple[Message, ...]) -> bool:
    """Whether the user's last words before this point were a yes to something the agent had said."""
    said = [message for message in before if message.role in ("user", "assistant") and message.content]
    at = next((i for i in reversed(range(len(said))) if said[i].role == "user"), 0)
    last = said[at].content if said else ""
    return at > 0 and bool(AGREEMENT.search(last)) and not HESITATION.search(last)


def claims_backed(trajectory: Trajectory) -> dict[str, bool]:
    """Each claim of the agent to have done something, and whether a call that worked is behind it."""
    names = [tool.name for tool in trajectory.tools]
    deeds = [step for step in agent_steps(trajectory) if step.worked and is_deed(step)]
    facts = {}
    for number, message in enumerate(trajectory.messages, 1):
        for claim in claims_in(message.content) if message.role == "assistant" else []:
            done = {step.call.name for step in deeds if step.number <= number}
            meant = tools_meant(claim, names)
            facts[f'[{number}] "{clip(claim, 120)}" rests on a call that worked'] = bool(
                meant & done if meant else done
            )
    return facts


def claims_in(text: str) -> list[str]:
    """The sentences in which an agent says that it has done something."""
    sentences = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [s for s in sentences if CLAIM.search(s) and not LOOKED.search(s) and not CONDITION.search(s)]


def tools_meant(claim: str, names: list[str]) -> set[str]:
    """The tools whose names share the most words with a claim, leaving out words that most names share."""
    own = {name: words_of(name.replace("_", " "), stem=4) for name in names}
    words = words_of(re.sub(r"(?i)\w+ing\b|all set", "", claim), stem=4)
    telling = {word for word in words if sum(word in other for other in own.values()) <= 2}
    shared = {name: len(telling & stems) for name, stems in own.items()}
    most = max(shared.values(), default=0)
    return {name for name, count in shared.items() if count == most > 0}


def is_deed(step: Step) -> bool:
    """Whether a call did something that an agent may report: a change, or handing the user over."""
    return step.changes or re.search("(?i)transfer|escalat|hand", step.call.name) is not None


def clip(text: str, room: int) -> str:
    """A text on one line, shortened in its middle to about `room` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= room else f"{flat[: room * 2 // 3]} ... {flat[-room // 3 :]}"


def words_of(text: str, *, stem: int = 5) -> set[str]:
    """The words of a text that carry meaning, each cut to its first letters."""
    return {word[:stem] for word in re.findall(r"[a-z]{3,}", text.lower()) if not COMMON.fullmatch(word)}


def values_of(arguments: object) -> list[str]:
    """The plain values inside a call's arguments, as text."""
    if isinstance(arguments, dict):
        return [value for item in arguments.values() for value in values_of(item)]
    if isinstance(arguments, list):
        return [value for item in arguments for value in values_of(item)]
    return [] if arguments is None or isinstance(arguments, bool) else [str(arguments)]


def ids_in(text: str) -> set[str]:
    """What looks like an identifier in a text: letters or signs together with digits."""
    return set(re.findall(r"(?=[\w-]*[A-Za-z_-])[\w-]*\d[\w-]*", text))


def unseen_values(step: Step, trajectory: Trajectory) -> list[str]:
    """The values of a call whose origin is nowhere: names and ids that neither the user nor a tool had given
    before, and numbers that nobody had named at all."""
    before = trajectory.messages[: step.number - 1]
    given = " ".join(message.content for message in before if message.role in ("user", "tool"))
    options = json.dumps([tool.parameters for tool in trajectory.tools if tool.name == step.call.name])
    known = f"{given} {options} {[call.arguments for call, _ in trajectory.calls() if call.id != step.call.id]}".lower()
    named = numbers_in(" ".join([trajectory.policy, given, *(message.content for message in before)]))
    values = values_of(step.call.arguments)
    return [v for v in values if not (numbers_in(v) <= named if is_number(v) else v.lower() in known)]


def numbers_in(text: str) -> set[float]:
    """The numbers of a text, however they are written."""
    return {float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def is_number(text: str) -> bool:
    """Whether a text is a plain number."""
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def clauses_of(policy: str) -> list[str]:
    """The clauses of a policy: its lines, with the sentences of long ones apart, without headings."""
    lines = [line.strip() for line in policy.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [part for line in lines for part in (re.split(r"(?<=[.;]) +", line) if len(line) > 300 else [line])]


def sections_of(policy: str) -> list[tuple[str, str]]:
    """The sections of a policy, each with its heading; paragraphs, where it has no headings."""
    if not re.search(r"(?m)^#+ ", policy):
        return [("", part.strip()) for part in re.split(r"\n\s*\n", policy) if part.strip()]
    parts = re.split(r"(?m)^(#+ .*)$", policy)
    found = [("", parts[0].strip()), *((parts[i], parts[i + 1].strip()) for i in range(1, len(parts), 2))]
    return [(heading, text) for heading, text in found if text]


async def ask_score(judge: Judge, prompt: str) -> float:
    """The score in the judge's answer; an answer without one is asked for once more."""
    try:
        return read_score(await judge.ask(prompt))
    except ValueError:
        return read_score(await judge.ask(f"{prompt}\n\nAnswer with the line `Score: <number>` and nothing else."))


def read_score(reply: Reply) -> float:
    """The last `Score: N` of a reply. Raises ValueError where there is none from 0 to 100."""
    found = re.findall(r"(?im)^[\s*_#>`-]*score[\s*_:=`]+(\d+(?:\.\d+)?)\b", reply.text)
    if not found or float(found[-1]) > 100:
        raise ValueError(f"no score from 0 to 100 in the reply {reply.text[-80:]!r}")
    return float(found[-1])


def read_marks(reply: Reply, names: list[str]) -> dict[str, float]:
    """The mark of each name in a JSON reply. Raises ValueError where one is missing or not from 0 to 100."""
    marks = reply.data if isinstance(reply.data, dict) else {}
    for name in names:
        if not isinstance(marks.get(name), int | float) or not 0 <= marks[name] <= 100:
            raise ValueError(f"no mark from 0 to 100 for {name!r} in the reply {reply.text[-80:]!r}")
    return {name: float(marks[name]) for name in names}
