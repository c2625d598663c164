"""The judge is given the whole policy and argues before it names a number: it cannot hold an agent to rules unseen."""

import re

from meta_reward.harness import Judge, PromptTooLong, Reply, Reward, Trajectory

# A section of fewer characters is not cut any more.
SHORTEST = 1000


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: all of it."""
    return trajectory.transcript()


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: all of it."""
    return trajectory.policy.strip()


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: nothing."""
    return {}


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
