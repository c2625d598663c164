"""A server of ours as a process, and what it answers."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        """What the page holds for its script."""
        found = re.search(r'id="data">(.*?)</script>', self.text)
        assert found
        return json.loads(found[1])


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    url: str
    """With a slash at its end."""

    def ask(self, path: str, *, method: str = "GET", body: object = None, **headers: str) -> Answer:
        """What it answers to a request, as it is: no path is tidied, and headers come as `origin="..."`."""
        host = self.url.split("/")[2]
        connection = HTTPConnection(host, timeout=30)
        sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        if data:
            connection.putheader("content-length", str(len(data)))
        connection.endheaders(data)
        found = connection.getresponse()
        answer = Answer(found.status, found.read().decode(), {k.lower(): v for k, v in found.getheaders()})
        connection.close()
        return answer


@contextmanager
def served(*arguments: str, folder: Path) -> Iterator[Served]:
    """A command that serves, run in a folder; killed at the end unless it has ended."""
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *arguments, "--no-open"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            if not line.startswith("http://127.0.0.1:"):
                process.kill()
                raise AssertionError(f"no address: {line!r}, {process.communicate()[1]}")
            yield Served(process, line.split()[0])
        finally:
            process.kill()
