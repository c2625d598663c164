"""A socket server for an agent in a jail, which cannot try a draft or query the history by itself.

    request    {"command": "try", "arguments": {"path": "draft", "pairs": ["t001-p1"]}}    one line of JSON
    answer     one line of JSON: the result, or {"error": "..."}

Each connection takes one request. Anyone who can open the socket may ask; it is in a folder that no other user can
enter, and is mounted into the jail. All input is untrusted: lines are bounded in size and time, and so is the number of
connections that are served at once or wait; further ones are closed.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, MetaRewardError

MAX_REQUEST_BYTES = 64 * 1024
AT_ONCE = 4
MOST_WAITING = 64
_PATIENCE_S = 10.0

AnswerRequest = Callable[[str, Mapping[str, Any]], Awaitable[object]]
"""Takes a command and its arguments, returns an answer that JSON can hold. Raises MetaRewardError if it cannot."""


@contextlib.asynccontextmanager
async def open_session_server(answer: AnswerRequest) -> AsyncIterator[Path]:
    """Serve requests while the block runs; yields the path of the socket."""
    # Not in the run's folder, because the path of a socket is limited to about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="meta-reward-"))
    path = folder / "api.sock"
    slots = asyncio.Semaphore(AT_ONCE)
    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(connections) >= MOST_WAITING:
            writer.close()
            return
        task = asyncio.create_task(_serve(reader, writer, answer, slots))
        connections.add(task)
        task.add_done_callback(connections.discard)

    try:
        server = await asyncio.start_unix_server(accept, path, limit=MAX_REQUEST_BYTES)
        try:
            yield path
        finally:
            server.close()
            for task in connections:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: AnswerRequest, slots: asyncio.Semaphore
) -> None:
    """Answer one request. A client that disconnects early does no harm."""
    try:
        async with slots:
            reply = await _reply(reader, answer)
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(files.dump_line(reply))
            async with asyncio.timeout(_PATIENCE_S):
                await writer.drain()
    finally:
        writer.close()


async def _reply(reader: asyncio.StreamReader, answer: AnswerRequest) -> object:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            line = await reader.readline()
        request = files.parse_json(line, Path("the request"), place="its line")
    except TimeoutError:
        return {"error": f"no request within {_PATIENCE_S:g} seconds"}
    except (ValueError, ConnectionError):
        return {"error": f"a request is one line of at most {MAX_REQUEST_BYTES // 1024} KB"}
    except DataError as error:
        return {"error": files.printable(str(error))}
    command, arguments = (request.get(k) for k in ("command", "arguments")) if isinstance(request, dict) else ("", "")
    if not isinstance(command, str) or not isinstance(arguments, dict):
        return {"error": 'a request is {"command": "...", "arguments": {...}}'}
    try:
        return await answer(command, arguments)
    except MetaRewardError as error:
        return {"error": files.printable(str(error))}
