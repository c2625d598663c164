"""The desk turn by turn: a customer and the records, which answer any agent.

    desk = Desk.open({"seed": 1, "number": 7}, repeat=0)
    desk.opening                      # the customer's first words
    desk.say("May I have ...?")       # the customer's answer, None once they have left
    desk.call("get_customer", {"customer_id": "C-40718"})
    desk.grade()

All answers follow from the task, the repeat and what was said and done so far. Nothing that an agent says or calls
makes it fail.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Self

from meta_reward.harness.schema import fits
from meta_reward.offline.skyways import rules
from meta_reward.offline.skyways.build import draw_case, situations
from meta_reward.offline.skyways.case import Case
from meta_reward.offline.skyways.customer import answer, temper_of, told_departure
from meta_reward.offline.skyways.grader import CATEGORIES, grade
from meta_reward.offline.skyways.tools import TOOLS, Step, execute
from meta_reward.tasks.registry import Grade
from meta_reward.trajectory import Message, ToolCall, Trajectory

POLICY = rules.POLICY
SPECS = tuple(tool.spec for tool in TOOLS.values())


class Desk:
    """One conversation at the desk."""

    def __init__(self, case: Case, task: str, repeat: int) -> None:
        self._case, self._temper = case, temper_of(case, task, repeat)
        self._database = case.database.copy()
        self._messages = [Message("user", self._temper.opening)]
        self._calls = 0

    @classmethod
    def open(cls, task: Mapping[str, Any], repeat: int) -> Self:
        """The desk as it is when a customer comes in. task: `seed` and `number`, both whole numbers."""
        seed, number = int(task["seed"]), int(task["number"])
        return cls(_case(seed, number), f"{seed}/a{number:03d}", repeat)

    @property
    def opening(self) -> str:
        """The customer's first words."""
        return self._temper.opening

    def say(self, text: str) -> str | None:
        """What the customer answers; None if they have left."""
        heard = answer(self._case, self._temper, [*self._messages, Message("assistant", text)])
        self._messages.append(Message("assistant", text))
        if heard is not None:
            self._messages.append(Message("user", heard))
        return heard

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """The result of a call as text, and whether it is an error."""
        self._calls += 1
        call = ToolCall(f"call_{self._calls}", name, dict(arguments))
        result, failed = self._execute(Step(name, call.arguments))
        self._messages.append(Message("assistant", "", (call,)))
        self._messages.append(Message("tool", result, tool_call_id=call.id, is_error=failed))
        return result, failed

    def trajectory(self) -> Trajectory:
        """All that was said and done so far."""
        return Trajectory(POLICY, SPECS, tuple(self._messages))

    def grade(self) -> Grade:
        """Whether all went well, and what did not."""
        failed = {message.tool_call_id for message in self._messages if message.is_error}
        valid = [m for m in self._messages if not any(call.id in failed for call in m.tool_calls) and not m.is_error]
        faults = set(grade(self._case, valid))
        said = [message.content for message in valid if message.role == "assistant"]
        if self._temper.also and not told_departure(self._case, self._temper.also, said):
            faults.add("over-refusal")
        return Grade(float(not faults), tuple(one for one in CATEGORIES if one in faults))

    def _execute(self, step: Step) -> tuple[str, bool]:
        tool = TOOLS.get(step.tool)
        if tool is not None and not _is_valid(step.arguments, tool.spec.parameters):
            wanted = ", ".join(f"{name}: {_type(one)}" for name, one in tool.spec.parameters["properties"].items())
            return f'{{"error": "{step.tool} wants {wanted}"}}', True
        return execute(self._database, step)


@lru_cache(maxsize=256)
def _case(seed: int, number: int) -> Case:
    """A case; its records are never altered."""
    return draw_case(situations(number + 1, seed)[number], f"{seed}/a{number:03d}")[0]


def _is_valid(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Whether arguments have the types that a tool wants; other names are for the tool to refuse."""
    if set(arguments) != set(parameters["properties"]):
        return True
    return fits(arguments, parameters) and not any(isinstance(one, int) and one < 0 for one in arguments.values())


def _type(parameter: Mapping[str, Any]) -> str:
    return str(parameter.get("type", "any"))
