"""The application behind `meta-reward tasks label`: a page with two transcripts, and the labels that it sends.

The page shows neither candidates nor labels nor names of trajectories. Requests that change something are POSTs with
the token of the page. A label from a page that does not show the current pair is refused, so none goes to a wrong pair.
"""

import secrets
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from meta_reward.errors import MetaRewardError
from meta_reward.files import printable
from meta_reward.report.page import render
from meta_reward.report.server.app import endpoint, html_response
from meta_reward.report.server.guard import Guard
from meta_reward.report.server.labels import Labelling, Shown, categories_of, parse_said
from meta_reward.report.server.pages import script

_MOST_BYTES = 20_000
_SCRIPT = "label.js"


@dataclass(frozen=True, slots=True)
class LabelPage:
    """The page of one annotator."""

    labelling: Labelling
    split: str
    token: str

    def text(self) -> str:
        """The page as HTML."""
        work, shown = self.labelling, self.labelling.shown()
        pressed = shown.before.categories if shown and shown.before else ()
        values = {
            "taskset": work.taskset.name,
            "split": self.split,
            "annotator": work.annotator,
            "progress": work.progress(),
            "shown": shown,
            "categories": list(dict.fromkeys([*categories_of(work.taskset), *pressed])),
            "notes": {name: work.taskset.about.category_notes.get(name, "") for name in categories_of(work.taskset)},
            "pressed": pressed,
            "policies": _policies(shown) if shown else [],
        }
        data = {"token": self.token, "key": shown.key if shown else ""}
        title = f"Labelling {work.taskset.name}"
        return render.document(title, render.label(values), data=data, extra=[script(_SCRIPT)], served=True)


def make_label_app(labelling: Labelling, split: str) -> Guard:
    """The application of one annotator."""
    page = LabelPage(labelling, split, secrets.token_urlsafe())

    async def label(request: Request) -> Response:
        try:
            key, said, categories = parse_said(orjson.loads(await _body(request)))
        except ValueError as error:
            return PlainTextResponse(f"{printable(str(error))}\n", status_code=400)
        try:
            taken = await run_in_threadpool(labelling.take, key, said, categories)
        except MetaRewardError as error:
            return PlainTextResponse(f"{printable(str(error))}\n", status_code=500)
        if not taken:
            return PlainTextResponse("another pair is next by now: load the page again\n", status_code=409)
        return Response(status_code=204)

    routes = [
        Route("/", endpoint(lambda request: html_response(page.text(), _SCRIPT))),
        Route("/label", label, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), page.token)


async def _body(request: Request) -> bytes:
    """The body of a request. Raises ValueError if it is longer than any label."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise ValueError(f"is longer than {_MOST_BYTES} bytes")
    return body


def _policies(shown: Shown) -> list[tuple[str, str]]:
    left, right = shown.left.trajectory.policy, shown.right.trajectory.policy
    return [("The policy", left)] if left == right else [("The policy on the left", left), ("and on the right", right)]
