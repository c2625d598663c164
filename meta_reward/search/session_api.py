"""The answers on a session's socket: it tries drafts, and answers queries about the history that the session sees.

Arguments come from an agent: each is checked against the table of commands before it is used. Errors name files as
`history/...` and `staging/...`, because the agent may see these folders at other paths.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.propose.session_server import AnswerRequest
from meta_reward.run import queries
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.query_answers import answer_to_json
from meta_reward.run.query_table import QUERIES, TRY, Query
from meta_reward.search.tryout.run import Tryouts

_MOST_PAIRS = 200
_MOST_NAME = 500
_COMMANDS = {query.name: query for query in (TRY, *QUERIES)}


def make_answer(view: HistoryLayout, trials: Tryouts | None) -> AnswerRequest:
    """The function that answers one session's requests. view: the history that the session sees."""

    folders = {view.path: "history"} | ({} if trials is None else {trials.staging: "staging"})

    async def answer(command: str, arguments: Mapping[str, Any]) -> object:
        try:
            return await answered(command, arguments)
        except MetaRewardError as error:
            raise UsageError(_as_seen(str(error), folders)) from None

    async def answered(command: str, arguments: Mapping[str, Any]) -> object:
        if command not in _COMMANDS:
            raise UsageError(f"there is no command {command[:50]!r}", hint=f"known: {', '.join(_COMMANDS)}")
        given = _checked(_COMMANDS[command], arguments)
        if command == TRY.name:
            if trials is None:
                raise UsageError("drafts cannot be tried in this run", hint="its settings do not allow it")
            return await trials.try_harness(given["path"], given["pairs"])
        return answer_to_json(await asyncio.to_thread(queries.ANSWERS[command], view, **given))

    return answer


def _as_seen(text: str, folders: Mapping[Path, str]) -> str:
    for folder, name in folders.items():
        text = text.replace(str(folder), name)
    return text


def _checked(query: Query, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a command. Raises UsageError for a missing or unknown one, and for a wrong type or size."""
    kinds = {argument.name: argument.kind for argument in query.arguments}
    if set(arguments) != set(kinds):
        raise UsageError(f"{query.name} takes {', '.join(kinds)}", hint="give exactly these arguments")
    for name, kind in kinds.items():
        value = arguments[name]
        if type(value) is not kind or not _is_modest(value):
            what = f"{query.name}: {name} has the wrong type or size"
            raise UsageError(what, hint=f"it is a short value of type {kind.__name__}")
    return dict(arguments)


def _is_modest(value: Any) -> bool:
    """Whether a number is not negative, and texts are short and few."""
    if isinstance(value, int):
        return value >= 0
    texts = value if isinstance(value, list) else [value]
    return len(texts) <= _MOST_PAIRS and all(isinstance(text, str) and len(text) <= _MOST_NAME for text in texts)
