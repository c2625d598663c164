"""What the desk answers in a session: drafts are tried, and the history is queried as the session sees it.

Arguments come from an agent: each is checked against what the command takes before it is used. Errors name
files as `history/...` and `staging/...`, for the agent may see them elsewhere than we do.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.propose.session_server import AnswerRequest
from meta_reward.run import queries
from meta_reward.run.layout import HistoryLayout
from meta_reward.search.tryout.run import Tryouts

_MOST_PAIRS = 200
_MOST_NAME = 500
_QUERIES: Mapping[str, tuple[Callable[..., dict[str, Any]], Mapping[str, type]]] = {
    "ledger": (queries.ledger, {"limit": int}),
    "failures": (queries.failures, {"candidate": str, "category": str, "limit": int}),
    "flips": (queries.flips, {"first": str, "second": str, "category": str, "limit": int}),
    "diff": (queries.diff, {"first": str, "second": str}),
    "trace": (queries.trace, {"candidate": str, "trajectory": str, "ask": int}),
}
_TRY: Mapping[str, type] = {"path": str, "pairs": list}


def make_answer(view: HistoryLayout, trials: Tryouts | None) -> AnswerRequest:
    """Answers requests of one session. view: the history that it is shown."""

    folders = {view.path: "history"} | ({} if trials is None else {trials.staging: "staging"})

    async def answer(command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await answered(command, arguments)
        except MetaRewardError as error:
            raise UsageError(_as_seen(str(error), folders)) from None

    async def answered(command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if command == "try":
            given = _checked(command, arguments, _TRY)
            if trials is None:
                raise UsageError("drafts cannot be tried in this run", hint="its settings do not allow it")
            return await trials.try_harness(given["path"], given["pairs"])
        if command not in _QUERIES:
            raise UsageError(f"there is no command {command[:50]!r}", hint=f"known: try, {', '.join(_QUERIES)}")
        query, wanted = _QUERIES[command]
        return await asyncio.to_thread(query, view, **_checked(command, arguments, wanted))

    return answer


def _as_seen(text: str, folders: Mapping[Path, str]) -> str:
    for folder, name in folders.items():
        text = text.replace(str(folder), name)
    return text


def _checked(command: str, arguments: Mapping[str, Any], wanted: Mapping[str, type]) -> dict[str, Any]:
    """The arguments of a command. Raises UsageError for a missing one, and one of the wrong type or size."""
    if set(arguments) != set(wanted):
        raise UsageError(f"{command} takes {', '.join(wanted)}", hint="no more and no less")
    for name, kind in wanted.items():
        value = arguments[name]
        if type(value) is not kind or not _is_modest(value):
            raise UsageError(f"{command}: {name} is not what it should be", hint=f"of type {kind.__name__}, and short")
    return dict(arguments)


def _is_modest(value: Any) -> bool:
    """Whether a number counts something, and texts are short and few."""
    if isinstance(value, int):
        return value >= 0
    texts = value if isinstance(value, list) else [value]
    return len(texts) <= _MOST_PAIRS and all(isinstance(text, str) and len(text) <= _MOST_NAME for text in texts)
