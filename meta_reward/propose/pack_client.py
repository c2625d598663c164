"""Packs the client for a jail into one file: an executable archive of `client.py` and the table of its commands."""

import io
import zipfile
from pathlib import Path

from meta_reward.propose import client
from meta_reward.run import query_table

_INTERPRETER = b"#!/usr/bin/env python3\n"
_PACKAGE = Path(__file__).parents[1]
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_client() -> bytes:
    """The bytes of a program that needs only a Python interpreter; always the same."""
    table = Path(query_table.__file__)
    contents = {"__main__.py": Path(client.__file__).read_bytes(), _name(table): table.read_bytes()}
    contents |= {_name(folder / "__init__.py"): b"" for folder in (_PACKAGE, table.parent)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in contents.items():
            file.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return _INTERPRETER + archive.getvalue()


def _name(path: Path) -> str:
    return path.relative_to(_PACKAGE.parent).as_posix()
