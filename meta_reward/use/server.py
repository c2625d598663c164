"""A reward over HTTP, for trainers and evaluators in other processes. Needs Starlette and uvicorn, the extra `server`.

    POST /score         a trajectory, like a line of a file that `score` reads -> a result
    POST /score_batch   {"trajectories": [...]} -> {"results": [...]}, as many and in the same order
    POST /get_reward    OpenRLHF's remote reward model: {"query": [...], "prompts": [...]} -> {"rewards": [...]}
    GET  /healthz       whether it runs
    GET  /metrics       counters in the text format of Prometheus

A result has a score from 0 to 100, or null and an error; /get_reward gives rewards from 0 to 1, or fails as a whole.
Requests that are too large, or do not fit into the queue, are refused at once, with 413 or 429.
"""

import hmac
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from meta_reward.errors import JudgeUnavailable, LimitReached, MetaRewardError
from meta_reward.models.usage import Spent
from meta_reward.use.scorer import Scored, Scorer

_LOOPBACK = ["127.0.0.1", "localhost", "[::1]", "::1"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which requests a server accepts."""

    body_bytes: int = 32_000_000
    """The largest body of a request."""
    waiting: int = 1024
    """The most trajectories without a result, waiting or in progress."""
    token: str = ""
    """The token that clients must send as `Authorization: Bearer`; empty for none."""


class Refused(Exception):
    """A refused request, with its HTTP status and one line why."""

    def __init__(self, status: int, why: str, *, retry_after_s: int = 0) -> None:
        self.status, self.why, self.retry_after_s = status, why, retry_after_s
        super().__init__(why)


@dataclass(slots=True)
class _Server:
    """What the routes share."""

    scorer: Scorer
    bounds: Bounds
    waiting: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Requests by path and status, and trajectories by `scored` and `failed`."""

    async def score(self, request: Request) -> Response:
        data = await self._body(request)
        (result,) = await self._score_all([data])
        return _json(result)

    async def score_batch(self, request: Request) -> Response:
        data = await self._body(request)
        batch = data.get("trajectories") if isinstance(data, Mapping) else data
        if not isinstance(batch, Sequence) or isinstance(batch, str):
            raise Refused(400, 'no batch: send {"trajectories": [...]} or a list')
        return _json({"results": await self._score_all(batch)})

    async def get_reward(self, request: Request) -> Response:
        results = await self._score_all(_conversations(await self._body(request)))
        rewards = [result.from_0_to_1 for result in results]
        if None in rewards:
            at = rewards.index(None)
            raise Refused(502, f"no reward for query {at} of {len(rewards)}: {results[at].error}")
        return _json({"rewards": rewards, "scores": rewards, "extra_logs": {"reward": rewards}})

    async def healthz(self, request: Request) -> Response:
        return _json({"status": "ok", "harness": self.scorer.loaded.name})

    async def metrics(self, request: Request) -> Response:
        return PlainTextResponse(_metrics(self.counts, self.waiting, self.scorer.spent))

    async def _score_all(self, batch: Sequence[Any]) -> list[Scored]:
        """One result for each, in order. Raises Refused if they do not fit into the queue."""
        if not batch:
            return []
        if len(batch) > self.bounds.waiting:
            what = f"{len(batch)} trajectories at once, and the queue holds {self.bounds.waiting}"
            raise Refused(413, f"{what}: send fewer at a time")
        if self.waiting + len(batch) > self.bounds.waiting:
            raise Refused(429, f"the queue of {self.bounds.waiting} trajectories is full", retry_after_s=1)
        self.waiting += len(batch)
        try:
            results = await self.scorer.score_all(batch) if len(batch) > 1 else [await self.scorer.score(batch[0])]
        finally:
            self.waiting -= len(batch)
        self.counts.update("failed" if result.score is None else "scored" for result in results)
        return results

    async def _body(self, request: Request) -> Any:
        """The JSON of a request. Requires a content type that pages of other origins cannot send without CORS."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415, "send JSON, with content-type application/json")
        read = bytearray()
        async for part in request.stream():
            read += part
            if len(read) > self.bounds.body_bytes:
                raise Refused(413, f"the body is larger than {self.bounds.body_bytes:,} bytes")
        try:
            return orjson.loads(bytes(read))
        except orjson.JSONDecodeError as error:
            raise Refused(400, f"the body is not valid JSON: {error.msg.split(':')[0]}") from None

    def route(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that counts requests, checks the token, and turns errors into a status and one line."""

        async def endpoint(request: Request) -> Response:
            try:
                self._check_token(request)
                response = await answer(request)
            except Refused as refused:
                headers = {"retry-after": str(refused.retry_after_s)} if refused.retry_after_s else {}
                response = _error(refused.status, refused.why, headers)
            except LimitReached as limit:
                response = _error(402, str(limit))
            except JudgeUnavailable as outage:
                response = _error(503, str(outage), {"retry-after": "10"})
            except MetaRewardError as error:
                response = _error(500, str(error))
            self.counts[f"{request.url.path} {response.status_code}"] += 1
            return response

        return endpoint

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        if self.bounds.token and not hmac.compare_digest(given, self.bounds.token.encode()):
            raise Refused(401, "send the token of this server as Authorization: Bearer TOKEN")


def make_app(scorer: Scorer, bounds: Bounds, *, loopback: bool = True) -> Starlette:
    """The application. loopback: only accept local host names, which protects against DNS rebinding."""
    server = _Server(scorer, bounds)
    posts = {"/score": server.score, "/score_batch": server.score_batch, "/get_reward": server.get_reward}
    routes = [Route(path, server.route(answer), methods=["POST"]) for path, answer in posts.items()]
    routes += [Route("/metrics", server.route(server.metrics)), Route("/healthz", server.healthz)]
    hosts = _LOOPBACK if loopback else ["*"]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)])


def is_loopback(host: str) -> bool:
    """Whether an address can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


def _error(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json({"error": why}, status, headers)


def _conversations(data: Any) -> list[Any]:
    """Queries of OpenRLHF as conversations: each query is a prompt followed by the response."""
    queries = data.get("query") if isinstance(data, Mapping) else None
    if not isinstance(queries, list) or not all(isinstance(query, str) for query in queries):
        raise Refused(400, 'no queries: send {"query": ["..."], "prompts": ["..."]}')
    prompts = data.get("prompts") or [""] * len(queries)
    if not isinstance(prompts, list) or len(prompts) != len(queries):
        raise Refused(400, f"{len(queries)} queries need as many prompts")
    return [_conversation(query, str(prompt)) for query, prompt in zip(queries, prompts, strict=True)]


def _conversation(query: str, prompt: str) -> list[dict[str, str]]:
    asked = [{"role": "user", "content": prompt}] if prompt else []
    return [*asked, {"role": "assistant", "content": query.removeprefix(prompt)}]


def _metrics(counts: Mapping[str, int], waiting: int, spent: Spent) -> str:
    """Counters in the text format of Prometheus."""
    lines = ["# TYPE meta_reward_requests_total counter"]
    for name, count in sorted(counts.items()):
        path, _, status = name.partition(" ")
        if status:
            lines.append(f'meta_reward_requests_total{{path="{path}",status="{status}"}} {count}')
    values = {
        "trajectories_scored_total": counts.get("scored", 0),
        "trajectories_failed_total": counts.get("failed", 0),
        "trajectories_waiting": waiting,
        "judge_calls_total": spent.calls,
        "judge_calls_sent_total": spent.misses,
        "judge_tokens_total": spent.tokens,
        "judge_usd_total": spent.cost_usd,
    }
    for name, value in values.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE meta_reward_{name} {kind}", f"meta_reward_{name} {value:g}"]
    return "\n".join(lines) + "\n"
