"""The application behind `meta-reward view`: it reads a run, and changes nothing.

It shows the same as `meta-reward report` and `meta-reward trace`: the whole search split, and only numbers of the
sealed ones. An id in an address is only compared with those of the run; no part of an address becomes a path.
"""

import secrets
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from meta_reward.errors import MetaRewardError
from meta_reward.files import dump_line, printable
from meta_reward.report.page.render import policy
from meta_reward.report.server.current import Current
from meta_reward.report.server.guard import Guard
from meta_reward.report.server.pages import Pages, script
from meta_reward.run.layout import Layout


def make_app(layout: Layout) -> Guard:
    """The application for a run, which is read once before the first request."""
    pages = Pages(Current(layout))
    pages.home()

    def overview(request: Request) -> Response:
        found = pages.overview()
        return Response(status_code=204) if found.version == request.query_params.get("have") else json_response(found)

    def candidate(request: Request) -> Response:
        return page(pages.candidate(request.path_params["id"], request.query_params.get("against")))

    def pair(request: Request) -> Response:
        wanted = [request.query_params.get(name, "") for name in ("a", "b")]
        return page(pages.pair(request.path_params["id"], wanted))

    def trajectory(request: Request) -> Response:
        wanted = [request.query_params.get(name, "") for name in ("a", "b")]
        return page(pages.trajectory(request.path_params["id"], wanted))

    def page(text: str) -> Response:
        return html_response(text, "live.js")

    routes = [
        Route("/", endpoint(lambda request: page(pages.home()))),
        Route("/live.json", endpoint(lambda request: json_response(pages.live()))),
        Route("/overview.json", endpoint(overview)),
        Route("/candidate/{id}", endpoint(candidate)),
        Route("/pair/{id:path}", endpoint(pair)),
        Route("/trajectory/{id:path}", endpoint(trajectory)),
    ]
    return Guard(Starlette(routes=routes), secrets.token_urlsafe())


def endpoint(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers in a thread: with a 404 if the page does not exist, with a line if data are damaged."""

    async def call(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, request)
        except KeyError:
            return PlainTextResponse("there is no such page in this run\n", status_code=404)
        except MetaRewardError as error:
            return PlainTextResponse(f"{printable(str(error))}\n", status_code=500)

    return call


def html_response(text: str, script_name: str) -> Response:
    """A page with one of this package's scripts; its content security policy is in the header too."""
    allowed = policy([script(script_name)], served=True)
    return HTMLResponse(text, headers={"content-security-policy": f"{allowed}; frame-ancestors 'none'"})


def json_response(value: object) -> Response:
    """A value as JSON."""
    return Response(dump_line(value), media_type="application/json")
