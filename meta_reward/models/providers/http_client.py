"""The provider's own client, reduced to one thing: a body goes out, the reply's JSON comes in.

One try, no redirects, a limit on the whole of it. Whatever goes wrong leaves as one of our errors. A
client belongs to the event loop in which it is first used and is closed when that loop ends.
"""

import asyncio
import importlib
import os
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from meta_reward.errors import JudgeMisconfigured, MetaRewardError
from meta_reward.models.endpoint import Endpoint
from meta_reward.models.failures import Whose, broken, failure_of, missing_package, refusal_of
from meta_reward.models.providers.normalize import parse_body
from meta_reward.models.settings import ModelSettings

NO_KEY = "none"  # what a server gets that needs no key: clients insist on one
_lives: WeakKeyDictionary[asyncio.AbstractEventLoop, list[AsyncGenerator[Any, None]]] = WeakKeyDictionary()
_CLIENTS = {"anthropic": "AsyncAnthropic", "openai": "AsyncOpenAI"}
_PATHS = {"anthropic": "/v1/messages", "openai": "/chat/completions"}  # below the address


@dataclass(slots=True, kw_only=True)
class HttpClient:
    """package: `anthropic` or `openai`. key: "" where the server needs none and may get none. own: whether what the
    environment says about the provider is meant for this address too."""

    package: str
    address: str
    key: str
    whose: Whose
    timeout_s: float
    needs_key: bool = True
    own: bool = True
    _client: Any = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a request's body. Raises what `failures` makes of anything else."""
        client = await self._open()
        package = importlib.import_module(self.package)
        try:
            async with asyncio.timeout(self.timeout_s):
                reply = await client.post(_PATHS[self.package], body=body, cast_to=_raw_reply(package))
            return self._parse(reply.content)
        except package.APIStatusError as error:
            raise self._refused(error) from None
        except (package.APITimeoutError, TimeoutError):
            raise broken(f"no answer within {self.timeout_s:g} s", self.whose) from None
        except package.APIConnectionError as error:
            raise broken(f"the connection to {self.address} failed ({error.__cause__ or error})", self.whose) from None
        except package.APIError as error:
            raise broken(str(error), self.whose) from None

    def check_key(self) -> None:
        """Raise JudgeMisconfigured if the key is missing or cannot be a key."""
        check_key(self.key, self.whose, needed=self.needs_key)

    async def _open(self) -> Any:
        """The client of this event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self.check_key()
            life = _client_of_loop(self)
            self._client, self._loop = await anext(life), loop
            _lives.setdefault(loop, []).append(life)  # or it would be collected before the loop ends
        return self._client

    def _parse(self, data: bytes) -> dict[str, Any]:
        try:
            body = parse_body(data)
        except ValueError as error:
            raise broken(f"a reply that is no JSON ({error})", self.whose, status=200) from None
        if not isinstance(body, dict):
            raise broken("a reply that is no JSON object", self.whose, status=200)
        if body.get("error") and not body.get("content") and not body.get("choices"):
            raise self._error_inside(body)
        return body

    def _error_inside(self, body: dict[str, Any]) -> MetaRewardError:
        """The error in a reply that calls itself a success, as some proxies send it."""
        error = body["error"]
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and 400 <= code < 600:
            return failure_of(refusal_of(code, body), self.whose)
        return broken(refusal_of(200, body).message, self.whose, status=200)

    def _refused(self, error: Any) -> MetaRewardError:
        try:
            body = parse_body(error.response.content)
        except (ValueError, RuntimeError):
            body = error.response.reason_phrase
        return failure_of(refusal_of(error.status_code, body, error.response.headers), self.whose)


def open_client(package: str, endpoint: Endpoint, settings: ModelSettings) -> HttpClient:
    """The way to a place; nothing is opened before the first post."""
    whose, needs_key = endpoint.whose(settings), bool(endpoint.key_name)
    return HttpClient(
        package=package,
        address=endpoint.address,
        key=endpoint.key,
        whose=whose,
        timeout_s=settings.timeout_s,
        needs_key=needs_key,
        own=endpoint.own,
    )


def check_key(key: str, whose: Whose, *, needed: bool) -> None:
    """Raise JudgeMisconfigured for a key that is missing or can be none."""
    if needed and not key:
        raise JudgeMisconfigured(f"judge {whose.spec} needs a key", hint=whose.key_hint)
    if not (key.isascii() and key.isprintable()):
        raise JudgeMisconfigured(f"the key of judge {whose.spec} holds what no key can", hint=whose.key_hint)


async def _client_of_loop(wire: HttpClient) -> AsyncGenerator[Any, None]:
    """A client from now to the end of the event loop, which closes every generator that still runs."""
    try:
        module = importlib.import_module(wire.package)
    except ImportError:
        raise missing_package(wire.package) from None
    key = wire.key or NO_KEY
    hooks = {"request": [] if wire.own else [lambda request: _drop_inherited(request, key)]}
    http_client = module.DefaultAsyncHttpxClient(follow_redirects=False, timeout=wire.timeout_s, event_hooks=hooks)
    make = getattr(module, _CLIENTS[wire.package])
    client = make(api_key=key, base_url=wire.address, max_retries=0, timeout=wire.timeout_s, http_client=http_client)
    try:
        yield client
    finally:
        await client.close()


async def _drop_inherited(request: Any, key: str) -> None:
    """Take out the headers that a client adds because the environment says so: they may hold a key."""
    lines = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
    for name in (*(line.partition(":")[0].strip() for line in lines), "openai-organization", "openai-project"):
        request.headers.pop(name or "-", None)
    request.headers["authorization"] = f"Bearer {key}"


def _raw_reply(package: ModuleType) -> Any:
    """The type by which a client is asked for a reply as it came: that of the HTTP library it is built on."""
    library = package.DefaultAsyncHttpxClient.__base__.__module__.partition(".")[0]
    return importlib.import_module(library).Response
