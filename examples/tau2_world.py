"""The domains of τ²-bench as worlds, through your own checkout of it and with its Python; docs/worlds.md says how.

Written against its source and NOT RUN HERE. The package called `tau2` on the index is another project.

    CHECKOUT/.venv/bin/python tau2_world.py airline openai/gpt-4.1 > rows.jsonl     the tasks of a domain, to import
"""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from typing import Any

from tau2.data_model.message import AssistantMessage, MultiToolMessage, ToolCall
from tau2.data_model.simulation import SimulationRun, TerminationReason
from tau2.evaluator.evaluator import EvaluationType, evaluate_simulation
from tau2.registry import registry
from tau2.user.user_simulator import UserSimulator
from tau2.utils.utils import get_now

PROMPT = "A customer has called. Greet them, and ask what you can do for them."


def rows(domain: str, customer: str) -> Iterator[dict[str, Any]]:
    """A row for each task that begins with a call; the first has the policy and the tools of all."""
    environment = registry.get_env_constructor(domain)()
    shared = {"policy": environment.get_policy(), "tools": [tool.openai_schema for tool in environment.get_tools()]}
    world = f"command:{shlex.quote(sys.executable)} tau2_world.py"
    for number, task in enumerate(registry.get_tasks_loader(domain)()):
        if task.initial_state is None or not task.initial_state.message_history:
            arguments = {"domain": domain, "task": task.id, "customer": customer}
            yield {"id": f"{domain}-{number}", "prompt": PROMPT, "world": world, "arguments": arguments, **shared}
            shared = {}


class World:
    def __init__(self, repeat: int, *, domain: str, task: str, customer: str) -> None:
        self.domain, self.began, self.left, self.messages = domain, get_now(), False, list[Any]()
        self.task = next(one for one in registry.get_tasks_loader(domain)() if one.id == task)
        self.environment, start = registry.get_env_constructor(domain)(), self.task.initial_state
        data, actions = (start.initialization_data, start.initialization_actions) if start else (None, None)
        self.environment.set_state(initialization_data=data, initialization_actions=actions, message_history=[])
        tools = self.environment.get_user_tools() if self.environment.user_tools else None
        self.user = UserSimulator(llm=customer, instructions=str(self.task.user_scenario), tools=tools, llm_args={})
        self.user.set_seed(repeat)
        self.state = self.user.get_init_state()

    def say(self, text: str) -> dict[str, Any]:
        message: Any = AssistantMessage(role="assistant", content=text.strip() or "(silence)")
        self.messages.append(message)
        while True:  # customers of telecom have tools of their own
            reply, self.state = self.user.generate_next_message(message, self.state)
            self.messages.append(reply)
            if not reply.is_tool_call():
                self.left = self.user.is_stop(reply)
                return {"text": None if self.left else reply.content}
            results = [self.environment.get_response(call) for call in reply.tool_calls]
            self.messages += results
            message = results[0] if len(results) == 1 else MultiToolMessage(role="tool", tool_messages=results)

    def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        call = ToolCall(id=f"call_{len(self.messages)}", name=name, arguments=arguments, requestor="assistant")
        result = self.environment.get_response(call)
        self.messages += [AssistantMessage(role="assistant", tool_calls=[call]), result]
        return {"result": result.content, "is_error": bool(result.error)}

    def grade(self) -> dict[str, Any]:
        how = TerminationReason.USER_STOP if self.left else TerminationReason.AGENT_STOP
        about = {"id": "1", "task_id": self.task.id, "start_time": self.began, "end_time": get_now(), "duration": 0.0}
        run = SimulationRun(termination_reason=how, messages=self.messages, **about)
        info = evaluate_simulation(run, self.task, EvaluationType.ALL, solo_mode=False, domain=self.domain)
        return {"success": info.reward}


out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what litellm prints is no answer
for row in rows(*sys.argv[1:]) if len(sys.argv) > 1 else ():
    print(json.dumps(row), file=out)
for line in sys.stdin if len(sys.argv) == 1 else ():
    asked = json.loads(line)
    id, do = asked.pop("id"), asked.pop("do")
    try:
        if do == "open":
            world, answer = World(asked["repeat"], **asked["arguments"]), {}
        else:
            answer = getattr(world, do)(**asked)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"id": id, **answer}), file=out, flush=True)
