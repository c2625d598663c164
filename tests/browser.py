"""A real headless Chromium for tests of pages: the machine's own, which `.ci/run` installs; nothing is downloaded."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(sys.prefix) / "axe.min.js"
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason=f"no axe-core: .ci/run unpacks {AXE.name} with npm")

_FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage"""
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for the tests of a module: while it is there, its event loop is in the way of everybody else's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_FLAGS.split())
        yield browser
        browser.close()


@dataclass(slots=True)
class Seen:
    """What a page did that it should not do."""

    console: list[str] = field(default_factory=list)
    """Errors and warnings, and texts of dialogs."""
    requests: list[str] = field(default_factory=list)
    """Everything that was asked for but the page itself."""


@contextmanager
def opened(
    browser: Any, address: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light"
) -> Iterator[tuple[Any, Seen]]:
    """A page in a context of its own, and what it does."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page, seen, itself = context.new_page(), Seen(), address.partition("#")[0]
    page.on("console", lambda message: seen.console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.console.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.console.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: request.url == itself or seen.requests.append(request.url))
    page.goto(address)
    yield page, seen
    context.close()


def serious_findings(page: Any) -> list[str]:
    """What axe-core finds that is serious or critical: its rule, and where."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} at {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
