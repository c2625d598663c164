"""A judge's endpoint on loopback that speaks the real protocols, and misbehaves where it is told to.

    with Endpoint(lambda seen: Said("80")) as endpoint:
        ... make_backend(f"openai:m@{endpoint.url}/v1", {}) ...
    endpoint.seen[0].headers, endpoint.seen[0].body

`answer` sees each request, in either protocol, as `Seen`, and returns what the judge says (`Said`) or
what goes wrong (`Fault`). `POST /v1/messages` is the Messages API, plain and streamed; `POST
/v1/chat/completions` is OpenAI's. Threads, a connection each, kept alive; so any number at once.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived. ordinal: from 0, in the order of arrival."""

    ordinal: int
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def turn(self) -> int:
        """How often the judge has spoken before."""
        return sum(message["role"] == "assistant" for message in self.body["messages"])

    @property
    def texts(self) -> list[str]:
        """The text of each message, tool results included."""
        return [_text_of(message) for message in self.body["messages"]]

    @property
    def tools(self) -> list[str]:
        """The names of the tools on offer."""
        return [tool.get("name") or tool["function"]["name"] for tool in self.body.get("tools", [])]


@dataclass(frozen=True, slots=True)
class Said:
    """What the judge says. calls: name and arguments, or a text that is no JSON where broken ones are wanted.

    stop: as the protocol calls it; None for what fits. usage: replaces the protocol's usage object.
    """

    text: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    stop: str | None = None
    usage: Mapping[str, Any] | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong. how: `status` sends status, headers and body; `drop` closes without a word, `cut` in the
    middle of a reply, `hang` after `seconds` of silence."""

    status: int = 500
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    how: str = "status"
    seconds: float = 30.0


Answer = Callable[[Seen], Said | Fault]


def messages_error(status: int, kind: str, message: str, **headers: str) -> Fault:
    """An error as the Messages API words it."""
    return Fault(status, {"type": "error", "error": {"type": kind, "message": message}}, _dashed(headers))


def chat_error(status: int, code: str | None, message: str, **headers: str) -> Fault:
    """An error as OpenAI words it."""
    return Fault(status, {"error": {"message": message, "type": "error", "code": code}}, _dashed(headers))


class Endpoint:
    """The server; `url` is its address, `seen` all that it was asked. latency_s: before each reply."""

    def __init__(self, answer: Answer, *, latency_s: float = 0.0) -> None:
        self._answer, self._latency_s = answer, latency_s
        self.seen: list[Seen] = []
        self._lock, self.closing = threading.Lock(), threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.endpoint = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer_to(self, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> Said | Fault:
        """What to reply; the request is remembered first."""
        with self._lock:
            seen = Seen(len(self.seen), path, headers, body)
            self.seen.append(seen)
        time.sleep(self._latency_s)
        return self._answer(seen)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    endpoint: Endpoint

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = self.server.endpoint.answer_to(self.path, headers, body)
        if isinstance(said, Fault):
            self._fail(said, body)
        elif self.path.partition("?")[0].endswith("/chat/completions"):
            self._send(200, _chat_completion(said, body))
        elif body.get("stream"):
            self._stream(_messages_events(_message(said, body)))
        else:
            self._send(200, _message(said, body))

    def _send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: Iterator[dict[str, Any]], *, upto: int | None = None) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in list(events)[:upto]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        self.close_connection = True

    def _fail(self, fault: Fault, body: Mapping[str, Any]) -> None:
        if fault.how == "status":
            self._send(fault.status, "" if fault.body is None else fault.body, fault.headers)
            return
        if fault.how == "hang":
            self.server.endpoint.closing.wait(fault.seconds)
        if fault.how == "cut" and body.get("stream"):
            self._stream(_messages_events(_message(Said("I was about to"), body)), upto=3)
        elif fault.how == "cut":
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'{"id": "cut", "content": [{"type": "text", "te')
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _message(said: Said, body: Mapping[str, Any]) -> dict[str, Any]:
    calls = [
        {"type": "tool_use", "id": f"toolu_{len(body['messages'])}_{number}", "name": name, "input": arguments}
        for number, (name, arguments) in enumerate(said.calls)
    ]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": ([{"type": "text", "text": said.text}] if said.text else []) + calls,
        "stop_reason": said.stop or ("tool_use" if calls else "end_turn"),
        "stop_sequence": None,
        "usage": said.usage or {"input_tokens": 100, "output_tokens": 10},
    }


def _messages_events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as the Messages API streams it."""
    content, stop = message["content"], message["stop_reason"]
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(content):
        if block["type"] == "text":
            start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop, "stop_sequence": None},
        "usage": {"output_tokens": message["usage"].get("output_tokens", 0)},
    }
    yield {"type": "message_stop"}


def _chat_completion(said: Said, body: Mapping[str, Any]) -> dict[str, Any]:
    calls = [
        {
            "id": f"call_{len(body['messages'])}_{number}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            },
        }
        for number, (name, arguments) in enumerate(said.calls)
    ]
    message = {"role": "assistant", "content": said.text or None, "refusal": said.refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {**message, "tool_calls": calls} if calls else message,
                "finish_reason": said.stop or ("tool_calls" if calls else "stop"),
            }
        ],
        "usage": said.usage or {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(_text_of(block) if block["type"] == "tool_result" else block.get("text", "") for block in content)


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
