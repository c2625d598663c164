"""The provider's own client, reduced to one thing: it sends a body and returns the reply's JSON.

One try, no redirects, one time-out for all of it. Every failure is raised as one of our errors. A client belongs to
the event loop in which it is first used, and is closed when that loop ends.
"""

import asyncio
import importlib
import os
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from meta_reward.errors import MetaRewardError
from meta_reward.models.endpoint import Endpoint
from meta_reward.models.failures import broken, failure_of, missing_package, refusal_of
from meta_reward.models.providers.normalize import parse_body

NO_KEY = "none"  # sent to a server that needs no key, because clients insist on one
_lives: WeakKeyDictionary[asyncio.AbstractEventLoop, list[AsyncGenerator[Any, None]]] = WeakKeyDictionary()
_CLIENTS = {"anthropic": "AsyncAnthropic", "openai": "AsyncOpenAI"}


@dataclass(slots=True)
class HttpClient:
    """The client of a package for one endpoint. Nothing is opened before the first post."""

    package: str
    """`anthropic` or `openai`."""
    path: str
    """The path that it posts to, relative to the endpoint's address."""
    endpoint: Endpoint
    _client: Any = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a request's body. Raises the errors of `failures`."""
        client = await self._open()
        package, endpoint = importlib.import_module(self.package), self.endpoint
        timeout_s = endpoint.settings.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                reply = await client.post(self.path, body=body, cast_to=_raw_reply(package))
            return self._parse(reply.content)
        except package.APIStatusError as error:
            raise self._refused(error) from None
        except (package.APITimeoutError, TimeoutError):
            raise broken(f"no answer within {timeout_s:g} s", endpoint) from None
        except package.APIConnectionError as error:
            what = f"the connection to {endpoint.address} failed ({error.__cause__ or error})"
            raise broken(what, endpoint) from None
        except package.APIError as error:
            raise broken(str(error), endpoint) from None

    async def _open(self) -> Any:
        """The client of this event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self.endpoint.check_key()
            life = _client_of_loop(self.package, self.endpoint)
            self._client, self._loop = await anext(life), loop
            _lives.setdefault(loop, []).append(life)  # or it would be collected before the loop ends
        return self._client

    def _parse(self, data: bytes) -> dict[str, Any]:
        try:
            body = parse_body(data)
        except ValueError as error:
            raise broken(f"a reply that is no JSON ({error})", self.endpoint, status=200) from None
        if not isinstance(body, dict):
            raise broken("a reply that is no JSON object", self.endpoint, status=200)
        if body.get("error") and not body.get("content") and not body.get("choices"):
            raise self._error_inside(body)
        return body

    def _error_inside(self, body: Mapping[str, Any]) -> MetaRewardError:
        """The error in the body of a successful response, as some proxies send it."""
        error = body["error"]
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and 400 <= code < 600:
            return failure_of(refusal_of(code, body), self.endpoint)
        return broken(refusal_of(200, body).message, self.endpoint, status=200)

    def _refused(self, error: Any) -> MetaRewardError:
        try:
            body = parse_body(error.response.content)
        except (ValueError, RuntimeError):
            body = error.response.reason_phrase
        return failure_of(refusal_of(error.status_code, body, error.response.headers), self.endpoint)


async def _client_of_loop(package: str, endpoint: Endpoint) -> AsyncGenerator[Any, None]:
    """A client until the event loop ends, which closes every generator that is still running."""
    try:
        module = importlib.import_module(package)
    except ImportError:
        raise missing_package(package) from None
    key, timeout_s = endpoint.key or NO_KEY, endpoint.settings.timeout_s
    hooks = {"request": [] if endpoint.own else [lambda request: _drop_inherited(request, key)]}
    http_client = module.DefaultAsyncHttpxClient(
        follow_redirects=False, timeout=timeout_s, event_hooks=hooks, verify=_certificates(_http_library(module))
    )
    make = getattr(module, _CLIENTS[package])
    client = make(api_key=key, base_url=endpoint.address, max_retries=0, timeout=timeout_s, http_client=http_client)
    try:
        yield client
    finally:
        await client.close()


async def _drop_inherited(request: Any, key: str) -> None:
    """Remove the headers that a client takes from the environment: they may hold a key."""
    lines = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
    for name in (*(line.partition(":")[0].strip() for line in lines), "openai-organization", "openai-project"):
        request.headers.pop(name or "-", None)
    request.headers["authorization"] = f"Bearer {key}"


def _raw_reply(package: ModuleType) -> Any:
    """The type that makes a client return the raw reply: the response type of its HTTP library."""
    return _http_library(package).Response


def _http_library(package: ModuleType) -> ModuleType:
    return importlib.import_module(package.DefaultAsyncHttpxClient.__base__.__module__.partition(".")[0])


@cache
def _certificates(library: ModuleType) -> Any:
    """The certificates that clients trust, read once per process: it takes longer than a request on loopback."""
    return library.create_ssl_context()
