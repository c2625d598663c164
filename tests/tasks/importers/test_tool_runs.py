"""Runs of the real tools: what Inspect, Claude Code and MLflow write on this machine comes in as it went."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward.errors import DataError
from meta_reward.tasks.importers.collect import collect
from meta_reward.tasks.importers.detect import detect_format
from meta_reward.tasks.importers.record import Options
from meta_reward.trajectory import Message, Tool, ToolCall
from tests.messages_api import messages_api, say, use

pytestmark = pytest.mark.slow

INSPECT = '''
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate, system_message, use_tools
from inspect_ai.tool import ToolError, tool

@tool
def add():
    async def execute(x: int, y: int):
        """Add two numbers.

        Args:
            x: One number.
            y: Another number.
        """
        if y > 1:
            raise ToolError("too big")
        return x + y
    return execute

call = lambda y: ModelOutput.for_tool_call("mockllm/model", "add", {"x": 1, "y": y})
answer = lambda text: ModelOutput.from_content("mockllm/model", text)
outputs = [call(1), answer("2"), call(1), answer("2"), call(2), answer("3"), call(1), answer("3")]
for output in outputs:
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it loads a tokenizer
samples = [Sample(id=name, input=f"{name}: what is 1 + 1?", target="2") for name in ("a", "b")]
task = Task(name="sums", dataset=samples, solver=[system_message("Be kind."), use_tools(add()), generate()],
            scorer=match(), epochs=2)
eval(task, model=get_model("mockllm/model", custom_outputs=outputs), log_dir=sys.argv[1], log_format=sys.argv[2],
     display="none", max_samples=1)
'''


@pytest.mark.parametrize("format", ["json", "eval"])
def test_inspect_run_with_a_tool_comes_in_from_its_log(format: str, tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai", reason="needs the extra inspect, which is no part of dev: it brings 80 packages")
    ran = subprocess.run(
        [sys.executable, "-c", INSPECT, str(tmp_path), format], cwd=tmp_path, capture_output=True, text=True, timeout=90
    )
    assert ran.returncode == 0, ran.stderr
    [path] = tmp_path.glob(f"*.{format}")
    assert detect_format(path) == "inspect"
    found = collect([path], Options()).records
    assert sorted((str(r.task).split("-")[0], r.label is not None) for r in found) == [
        ("a", True), ("a", True), ("b", True), ("b", True)
    ]  # fmt: skip
    assert (sorted(r.label or 0 for r in found), {r.run.policy for r in found}) == ([0, 0, 1, 1], {"Be kind."})
    good = next(record for record in found if record.label == 1)
    failed = next(record for record in found if any(m.is_error for m in record.run.messages))
    assert [tool.name for tool in good.run.tools or ()] == ["add"]
    assert [(m.role, len(m.tool_calls)) for m in good.run.messages] == [
        ("user", 0), ("assistant", 1), ("tool", 0), ("assistant", 0)
    ]  # fmt: skip
    assert good.run.messages[2:] == (Message("tool", "2", (), "1"), Message("assistant", "2"))
    assert failed.run.messages[2] == Message("tool", "too big", (), "1", is_error=True)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match="cannot be read by inspect-ai" if format == "eval" else "is not valid JSON"):
        collect([path], Options())


def test_claude_code_session_comes_in_without_its_subagent(tmp_path: Path) -> None:
    import claude_agent_sdk

    program = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
    (tmp_path / "note.txt").write_text("hello\n")
    note, prompt = str(tmp_path / "note.txt"), "What does the note say?"
    delegate = use("Agent", description="count", prompt="SUBTASK", subagent_type="general-purpose")
    steps = {
        "SUBTASK": [[say("One line.")]],
        "": [
            [say("Let me look."), use("Read", file_path=note), use("Bash", command="false")],
            [delegate],
            [say("Hello.")],
        ],
    }
    with messages_api(steps) as api:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": "a key",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        words = [str(program), "-p", prompt, "--allowedTools", "Read,Bash,Agent"]
        ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    files = sorted((tmp_path / ".claude" / "projects").rglob("*.jsonl"), key=lambda path: len(path.parts))
    assert {detect_format(path) for path in files} == {"claude-code"}
    found = collect(files, Options())
    [record] = found.records
    assert (record.task, record.id, len(found.skipped)) == (prompt, files[0].stem, len(files) - 1)
    first, second, read, failed, delegated = record.run.messages[:5]
    assert (first, second.content) == (Message("user", prompt), "Let me look.")
    assert [(c.id, c.name) for c in second.tool_calls] == [("1", "Read"), ("2", "Bash")]
    assert (read.tool_call_id, "hello" in read.content, failed.tool_call_id, failed.is_error) == ("1", True, "2", True)
    assert [call.name for call in delegated.tool_calls] == ["Agent"]
    assert Message("assistant", "Hello.") in record.run.messages


MLFLOW = """
import mlflow, sys
from mlflow.entities import AssessmentSource, SpanType

@mlflow.trace(span_type=SpanType.TOOL)
def add(x, y):
    return x + y

@mlflow.trace(span_type=SpanType.CHAT_MODEL)
def chat(messages, tools):
    call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": '{"x": 1, "y": 1}'}}
    asks = {"role": "assistant", "content": None, "tool_calls": [call]}
    says = {"role": "assistant", "content": answer}
    return {"choices": [{"message": asks if len(messages) == 2 else says}]}

@mlflow.trace(span_type=SpanType.AGENT)
def agent(question):
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": question}]
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
    messages.append(chat(messages, tools)["choices"][0]["message"])
    messages.append({"role": "tool", "tool_call_id": "c", "content": str(add(1, 1))})
    return chat(messages, tools)["choices"][0]["message"]["content"]

mlflow.set_tracking_uri(sys.argv[1])
for answer, ann, bob in (("2", True, True), ("3", False, True)):
    agent("What is 1 + 1?")
    trace = mlflow.get_last_active_trace_id()
    mlflow.flush_trace_async_logging()
    mlflow.log_feedback(trace_id=trace, name="right", value=ann, source=AssessmentSource("HUMAN", "ann"))
    mlflow.log_feedback(trace_id=trace, name="right", value=bob, source=AssessmentSource("HUMAN", "bob"))
    mlflow.log_feedback(trace_id=trace, name="right", value="no", source=AssessmentSource("LLM_JUDGE", "judge"))
    mlflow.log_feedback(trace_id=trace, name="comment", value="fine", source=AssessmentSource("HUMAN", "ann"))
    mlflow.log_expectation(trace_id=trace, name="answer", value="2")
with open("traces.jsonl", "w") as file:
    for trace in mlflow.search_traces(experiment_ids=["0"], return_type="list"):
        print(trace.to_json(), file=file)
"""


@pytest.fixture(scope="module")
def mlflow_traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a local store of traces, the file that the program wrote, and the one of MLflow's command."""
    pytest.importorskip("mlflow", reason="needs the extra mlflow")
    folder = tmp_path_factory.mktemp("mlflow")
    store = f"file://{folder}/store"
    environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_URI": store}
    mlflow = Path(sys.executable).with_name("mlflow")
    search = [str(mlflow), "traces", "search", "--experiment-id", "0", "--output", "json"]
    for words, name in (([sys.executable, "-c", MLFLOW, store], "out.txt"), (search, "searched.json")):
        with (folder / name).open("w") as out:
            ran = subprocess.run(words, cwd=folder, env=environment, stdout=out, stderr=subprocess.PIPE, timeout=90)
        assert ran.returncode == 0, ran.stderr
    return folder


@pytest.mark.parametrize("name", ["traces.jsonl", "searched.json"])
def test_mlflow_traces_come_in_with_the_feedback_of_people(mlflow_traces: Path, name: str) -> None:
    path = mlflow_traces / name
    assert detect_format(path) == "mlflow"
    found = collect([path], Options())
    said = {(r.run.messages[-1].content, r.annotator): r for r in found.records}
    assert {key: record.label for key, record in said.items()} == {
        ("2", "ann"): 1, ("2", "bob"): 1, ("3", "ann"): 0, ("3", "bob"): 1
    }  # fmt: skip
    assert {(record.task, record.run.policy) for record in found.records} == {("What is 1 + 1?", "Be kind.")}
    assert said["3", "ann"].run.tools == (Tool("add", "", {"type": "object"}),)
    assert said["3", "ann"].run.messages == (
        Message("user", "What is 1 + 1?"),
        Message("assistant", "", (ToolCall("1", "add", {"x": 1, "y": 1}),)),
        Message("tool", "2", (), "1"),
        Message("assistant", "3"),
    )
