"""What an endpoint's refusal means: the one place where HTTP statuses and wordings become our errors.

Providers agree on statuses roughly and on wordings not at all, so both count. No message of ours
carries a key, even where an endpoint repeats it.
"""

import datetime
import email.utils
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.errors import JudgeError, JudgeMisconfigured, JudgeTransient, MetaRewardError, PromptTooLong
from meta_reward.files import printable
from meta_reward.judge.settings import ModelSettings, identity

_TRANSIENT = {408, 409, 425, 429}
_THROTTLED = {429, 529}
_LONGEST_MESSAGE = 300
_TOO_LONG = re.compile(
    r"prompt is too long|context.{0,12}(length|window|limit|size)|too many tokens|request.{0,6}too large"
    r"|exceeds? the (available|maximum) context|maximum (prompt|input|context) |input is too long|string_above_max"
    r"|input token count|max_new_tokens`? must be",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"request too large for", re.IGNORECASE)  # a 429 that no waiting mends
_NUMBERS = (  # tokens first or limit first, as providers word it
    re.compile(r"(?P<tokens>\d{3,}) input tokens.*?length is only (?P<limit>\d{3,})", re.DOTALL),
    re.compile(r"count \((?P<tokens>\d{3,})\).*?allowed \((?P<limit>\d{3,})\)", re.DOTALL),
    re.compile(r"(?P<tokens>\d{3,}) tokens > (?P<limit>\d{3,})"),
    re.compile(r"(?P<tokens>\d{3,}) tokens \(limit (?P<limit>\d{3,})"),
    re.compile(r"(?P<tokens>\d{3,}) \+ \d+ > (?P<limit>\d{3,})"),
    re.compile(r"length is (?:only )?(?P<limit>\d{3,}) tokens.*?(?P<tokens>\d{3,})", re.DOTALL),
    re.compile(r"Limit (?P<limit>\d{3,}), Requested (?P<tokens>\d{3,})"),
    re.compile(r"\((?P<tokens>\d{3,}) tokens?\).*?\((?P<limit>\d{3,}) tokens?\)", re.DOTALL),
)
_NO_CREDIT = re.compile(r"credit balance|insufficient_quota|exceeded your current quota|billing|payment", re.IGNORECASE)
_NO_MODEL = re.compile(r"model\b.{0,200}(not found|does not exist|not exist|not a valid)", re.IGNORECASE)
_ALSO = {"effort": "(reasoning_)?effort", "max_tokens": "max_(completion_)?tokens"}  # as providers call them
_NO_KEY = re.compile(r"(invalid|incorrect|missing|no).{0,12}(api|access)?[ _-]key|authentication", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response that is no reply. kind: the provider's word for it, where there is one."""

    status: int
    message: str
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whose:
    """Which judge a failure is of: for messages. key_hint: where its key comes from. secret: the key itself."""

    spec: str
    address: str
    model: str
    key_hint: str
    secret: str = ""
    settings: ModelSettings = field(default_factory=ModelSettings)


def failure_of(refusal: Refusal, whose: Whose) -> MetaRewardError:
    """The error that a refusal is: too long a prompt, something to mend, something to try again, or a plain no."""
    status, said = refusal.status, clean(refusal.message, whose.secret) or "no message"
    words = f"{refusal.kind} {said}"
    if status == 413 or (status in (400, 422, 500) and _TOO_LONG.search(words)) or _TOO_LARGE.search(words):
        return PromptTooLong(*_sizes(said))
    what = f"judge {whose.spec} answers {status}: {said}"
    if status == 402 or (status in (400, 403, 429) and _NO_CREDIT.search(words)):
        return JudgeMisconfigured(what, hint="its credit is used up; add some, then run the same command again")
    if status in _TRANSIENT or status >= 500:
        return JudgeTransient(
            what, status=status, retry_after_s=retry_after_s(refusal.headers), throttled=status in _THROTTLED
        )
    if hint := _to_mend(status, words, whose):
        return JudgeMisconfigured(what, hint=hint)
    return JudgeError(what)


def broken(what: str, whose: Whose, *, status: int | None = None) -> JudgeTransient:
    """A connection that failed, or a reply that is none: worth another try."""
    return JudgeTransient(f"judge {whose.spec}: {clean(what, whose.secret)}", status=status)


def missing_package(name: str) -> JudgeMisconfigured:
    """A client that is not installed."""
    return JudgeMisconfigured(f"the package {name} is not installed", hint=f"pip install {name}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long the endpoint asks to wait, whether it says so in milliseconds, seconds or as a date."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit_s
        except (KeyError, ValueError):
            continue
        return seconds if 0 <= seconds < math.inf else None
    try:
        until = email.utils.parsedate_to_datetime(headers["retry-after"])
        return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None


def error_of_body(body: Any) -> tuple[str, str]:
    """The provider's word and message in an error's body, whatever its shape."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return "", str(error or "")
    kind = " ".join(str(error[name]) for name in ("type", "code", "param") if error.get(name))
    return kind, str(error.get("message") or error.get("detail") or error or "")


def clean(text: str, secret: str = "") -> str:
    """A message from outside as one short line without the key."""
    if secret:
        text = text.replace(secret, "[key]")
    line = printable(" ".join(text.split()))
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."


def _to_mend(status: int, words: str, whose: Whose) -> str:
    """What the user can do about a status below 500, "" where it is about this one prompt."""
    if 300 <= status < 400:
        return f"{whose.address} redirects, which would carry the key elsewhere; use the address it leads to"
    if status == 401 or (status == 400 and _NO_KEY.search(words)):
        return whose.key_hint
    if status == 403:
        return f"its key may not use this model; {whose.key_hint}"
    if status in (404, 405, 410):
        return f"check the model name {whose.model!r} and the address {whose.address}"
    if status == 400 and _NO_MODEL.search(words):
        return f"check the model name {whose.model!r}"
    named = [name for name in _names_sent(whose.settings) if re.search(rf"\b{_ALSO.get(name, name)}\b", words)]
    return f"mend {named[0]} in [judge.settings]" if named else ""


def _names_sent(settings: ModelSettings) -> list[str]:
    """The settings that went into the request, which an endpoint may refuse whatever the prompt."""
    return [*(name for name in identity(settings) if name not in ("system", "extra")), *settings.extra]


def _sizes(said: str) -> tuple[int | None, int | None]:
    for pattern in _NUMBERS:
        if found := pattern.search(said):
            return int(found["tokens"]), int(found["limit"])
    return None, None
