"""Frames between a child and its parent: four bytes of length, then JSON. Standard library only."""

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

LENGTH = struct.Struct("!I")
CHUNK_BYTES = 1 << 16
MAX_FRAME_BYTES = 256 * 1024 * 1024


def encode_frame(value: Mapping[str, Any]) -> bytes:
    """A value as a frame. Raises ValueError for one that JSON cannot hold."""
    try:
        data = json.dumps(value, allow_nan=False).encode()
    except TypeError as error:
        what = "findings" if isinstance(value.get("output"), dict) else "a question"
        raise ValueError(f"{what} cannot be written as JSON: {error}") from None
    return LENGTH.pack(len(data)) + data


def receive_frame(sock: socket.socket) -> bytes:
    (length,) = LENGTH.unpack(_receive(sock, LENGTH.size))
    if length > MAX_FRAME_BYTES:
        raise RuntimeError("start frame too large")
    return _receive(sock, length)


def _receive(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = sock.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)
