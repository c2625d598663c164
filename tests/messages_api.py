"""A Messages API on loopback that answers from a script, for tests of the real SDK and its bundled command line.

The step is chosen by the number of assistant messages in the request, so retries and resumed or
parallel sessions are safe. A step is a list of blocks, made with `say` and `use`, or a `Fault`, or a
function of the request that returns one of these. Which script applies is told by a mark in the
request's first user message; the script under the empty mark is the one for all others.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

Block = dict[str, Any]
_ids = count(1)


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is none. status 0: the connection stays open and nothing is said; 200: just its first word."""

    status: int
    kind: str = "api_error"


Step = list[Block] | Fault | Callable[[dict[str, Any]], Any]


def say(text: str) -> Block:
    return {"type": "text", "text": text}


def use(tool: str, **arguments: Any) -> Block:
    return {"type": "tool_use", "id": f"toolu_{next(_ids):08d}", "name": tool, "input": arguments}


@dataclass(slots=True)
class MessagesApi:
    """The running server. requests: the bodies it was sent; keys: the keys it was shown."""

    url: str
    scripts: Mapping[str, Sequence[Step]]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)

    def step(self, request: dict[str, Any]) -> list[Block] | Fault:
        first = json.dumps(next(m for m in request["messages"] if m["role"] == "user"))
        mark = next((m for m in self.scripts if m and m in first), "")
        number = sum(m["role"] == "assistant" for m in request["messages"])
        steps = self.scripts.get(mark, [])
        chosen = steps[number] if number < len(steps) else [say("Done.")]
        return chosen(request) if callable(chosen) else chosen


def results_in(request: dict[str, Any]) -> list[str]:
    """The texts of all tool results in a request, in their order."""
    blocks = [
        block
        for message in request["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block["type"] == "tool_result"
    ]
    return [b["content"] if isinstance(b["content"], str) else json.dumps(b["content"]) for b in blocks]


@contextmanager
def messages_api(steps: Sequence[Step] | Mapping[str, Sequence[Step]]) -> Iterator[MessagesApi]:
    """A server that answers with these steps until the block ends."""
    scripts = steps if isinstance(steps, Mapping) else {"": steps}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    api = MessagesApi(f"http://127.0.0.1:{server.server_port}", scripts)
    server.api = api  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # a client that was killed
            super().handle()

    def do_HEAD(self) -> None:
        self._send(200, "application/json", b"")

    def do_POST(self) -> None:
        api: MessagesApi = self.server.api  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        api.keys.add(self.headers.get("x-api-key", ""))
        api.paths.add(self.path)
        if not self.path.startswith("/v1/messages?") and self.path != "/v1/messages":
            self._send(404, "application/json", b"{}")
            return
        api.requests.append(body)
        answer = api.step(body)
        if not isinstance(answer, Fault):
            self._send(200, "text/event-stream", b"".join(_events(answer, body)))
        elif answer.status == 200:
            self._begin(body)
            api.stopped.wait(60)
        elif answer.status:
            error = {"type": "error", "error": {"type": answer.kind, "message": f"scripted {answer.kind}"}}
            self._send(answer.status, "application/json", json.dumps(error).encode())
        else:
            api.stopped.wait(60)

    def _begin(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(next(_events([say("")], body)))
        self.wfile.flush()
        self.close_connection = True

    def _send(self, status: int, kind: str, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _events(blocks: Sequence[Block], request: dict[str, Any]) -> Iterator[bytes]:
    """The server-sent events of one answer. Every answer counts 1000 tokens in and 100 out."""
    message = {
        "id": f"msg_{next(_ids):08d}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 1},
    }
    yield _event({"type": "message_start", "message": message})
    for index, block in enumerate(blocks):
        is_text = block["type"] == "text"
        start = {**block, "text": ""} if is_text else {**block, "input": {}}
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if is_text
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        yield _event({"type": "content_block_start", "index": index, "content_block": start})
        yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    reason = "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "end_turn"
    stop = {"stop_reason": reason, "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 100}})
    yield _event({"type": "message_stop"})


def _event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()
