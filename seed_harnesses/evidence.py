"""The judge reads the actions without the noise of lookups, and code tells it which changes the user agreed to."""

import re
from dataclasses import dataclass

from meta_reward.harness import Judge, Message, PromptTooLong, Reply, Reward, Tool, ToolCall, Trajectory, render_call

FAILURE = re.compile(r'(?i)^\W*(error|exception|failed|failure|invalid|traceback)\b|"error": *"|"success": *false')
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
# A section of fewer characters is not cut any more.
SHORTEST = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """A tool call of the agent: the number of its message, its result, whether it worked and changes something."""

    number: int
    call: ToolCall
    result: str
    worked: bool
    changes: bool


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: words and actions in order, results cut short, changes marked."""
    steps = {step.call.id: step for step in agent_steps(trajectory)}
    lines = []
    for number, message in enumerate(trajectory.messages, 1):
        if message.role == "tool":
            step = steps.get(message.tool_call_id or "")
            lines.append(f"[{number}] result: {clip(message.content, 500 if step and step.changes else 150)}")
        elif message.content:
            lines.append(f"[{number}] {message.role}: {clip(message.content, 500)}")
        for call in message.tool_calls:
            step = steps.get(call.id)
            lines.append(f"[{number}] {'CHANGE' if step and step.changes else 'call'}: {render_call(call)}")
    return "\n".join(lines)


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: none."""
    return ""


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: a yes of the user before each change."""
    agreed = {
        f"just before [{step.number}] {step.call.name} the user agreed to it": user_agreed(
            trajectory.messages[: step.number - 1]
        )
        for step in changes_made(trajectory)
    }
    return agreed or {"the agent changed nothing": True}


def rubric() -> dict[str, str]:
    """The criteria by name: one, and vague."""
    return {"quality": "how well the agent handled the conversation, from 0 (badly) to 100 (perfectly)"}


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: once, for reasons and then a number. Returns the marks of each verdict by name."""
    question = (
        f"Go through {', '.join(criteria)}: for each, say what speaks against the agent and what for it, and quote the "
        "numbers of the messages you rely on. Only then decide, and end with a line `Score: <number from 0 to 100>`."
    )
    return [{"overall": await ask_score(judge, f"{case}\n\n{question}")}]


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: the mean of all marks."""
    marks = [mark for verdict in verdicts for mark in verdict.values()]
    return Reward(
        sum(marks) / len(marks),
        reason=f"mean of {len(marks)} mark(s)",
        findings={"verdicts": verdicts, "checks": findings},
    )


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    """Lay the case before the judge and score its verdicts. What does not fit its window loses its middle."""
    findings, criteria = checks(trajectory), rubric()
    sections = {
        "Policy": context(trajectory),
        "Run": view(trajectory),
        "Verified by code": "\n".join(f"- {'yes' if ok else 'NO'}: {fact}" for fact, ok in findings.items()),
        "Criteria": "\n".join(f"- {name}: {text}" for name, text in criteria.items()),
    }
    while True:
        case = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items() if text)
        try:
            return score(await decide(judge, case, criteria), findings)
        except PromptTooLong:
            longest = max(sections, key=lambda title: len(sections[title]))
            if len(sections[longest]) < SHORTEST:
                raise
            sections[longest] = without_middle(sections[longest])


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


def has_worked(result: Message) -> bool:
    """Whether a tool's result is no error."""
    return not result.is_error and not FAILURE.search(result.content[:500])


def changes_something(name: str, tool: Tool | None) -> bool:
    """Whether a tool changes records, judged by the first word of its name and of its description."""
    verb = re.split(r"[^A-Za-z]|(?<=[a-z])(?=[A-Z])", re.split(r"__|[./]", name)[-1])[0].lower()
    first = re.match(r"\W*([A-Za-z]+)", tool.description) if tool else None
    words = {verb, first[1].lower()} if first else {verb}
    return not any(LOOKUP.fullmatch(word) for word in words)


def clip(text: str, room: int) -> str:
    """A text on one line, shortened in its middle to about `room` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= room else f"{flat[: room * 2 // 3]} ... {flat[-room // 3 :]}"


def user_agreed(before: tuple[Message, ...]) -> bool:
    """Whether the user's last words before this point were a yes to something the agent had said."""
    said = [message for message in before if message.role in ("user", "assistant") and message.content]
    at = next((i for i in reversed(range(len(said))) if said[i].role == "user"), 0)
    last = said[at].content if said else ""
    return at > 0 and bool(AGREEMENT.search(last)) and not HESITATION.search(last)


def changes_made(trajectory: Trajectory) -> list[Step]:
    """The agent's calls that changed something."""
    return [step for step in agent_steps(trajectory) if step.changes and step.worked]


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


def without_middle(text: str) -> str:
    """The first and the last quarter of a text, with a note of what was left out."""
    quarter = len(text) // 4
    left_out = f"[... {len(text) - 2 * quarter} characters left out here ...]"
    return f"{text[:quarter]}\n\n{left_out}\n\n{text[-quarter:]}"
