"""What an endpoint's refusal means: the only place where HTTP statuses and messages become our errors.

The status decides first, then the `code` and `type` of the error. The message is the last resort: it may quote what a
candidate wrote, so only its beginning counts, which comes from the provider. None of our messages contains a key, even
if the endpoint repeats it.
"""

import datetime
import email.utils
import math
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from meta_reward.errors import JudgeError, JudgeMisconfigured, JudgeTransient, MetaRewardError, PromptTooLong
from meta_reward.files import printable
from meta_reward.models.endpoint import Endpoint
from meta_reward.models.settings import ModelSettings, identity

_TRANSIENT = {408, 409, 425, 429}
_THROTTLED = {429, 529}
_LONGEST_MESSAGE = 300
_TOO_LONG = re.compile(
    r"prompt is too long|context.{0,12}(length|window|limit|size)|too many tokens|request.{0,6}too large"
    r"|exceeds? the (available|maximum) context|maximum (prompt|input|context) |input is too long|string_above_max"
    r"|input token count|max_new_tokens`? must be",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"request too large for", re.IGNORECASE)  # a 429 that waiting does not solve
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
# The provider's `code` or `type` for each meaning; and how messages begin if these say nothing.
_CODES_TOO_LONG = {"context_length_exceeded", "string_above_max_length", "request_too_large"}
_CODES_NO_CREDIT = {"insufficient_quota", "billing_error", "billing_not_active", "billing_hard_limit_reached"}
_CODES_NO_KEY = {"authentication_error", "invalid_api_key", "api_key_invalid"}
_CODES_NO_MODEL = {"model_not_found"}
_NO_CREDIT = re.compile(
    r"(your )?credit balance|you exceeded your current quota|insufficient (credit|balance|funds)|billing hard limit",
    re.IGNORECASE,
)
_NO_KEY = re.compile(r"(invalid|incorrect|missing|no)? ?(x-)?api[ _-]key\b", re.IGNORECASE)
_NO_MODEL = re.compile(
    r"(the )?(requested )?model\b.{0,200}(not found|does not exist|not exist)|\S+ is not a valid model", re.IGNORECASE
)
_PARAMETER = (
    r"""\W*(?:[^'"`:]{0,60}\b(?:parameter|argument|field|value)s?\b[^'"`\w]*(?:for |supplied: |name: )?['"`]?)?"""
)
_ALSO = {"effort": "(reasoning_)?effort", "max_tokens": "max_(completion_)?tokens"}  # the providers' names


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response with an error instead of a reply."""

    status: int
    message: str
    codes: frozenset[str] = frozenset()
    """The provider's codes and types for the error."""
    param: str = ""
    """The part of the request that the error is about, if the provider names one."""
    headers: Mapping[str, str] = field(default_factory=dict)


def failure_of(refusal: Refusal, endpoint: Endpoint) -> MetaRewardError:
    """A refusal as our error: PromptTooLong, JudgeMisconfigured, JudgeTransient, or a plain JudgeError."""
    status, said = refusal.status, clean(refusal.message, endpoint.key) or "no message"
    if _is_too_long(refusal):
        return PromptTooLong(*_sizes(said))
    what = f"judge {endpoint.spec} answers {status}: {said}"
    if status == 402 or (status in (400, 403, 429) and _means(refusal, _CODES_NO_CREDIT, _NO_CREDIT)):
        hint = "its credit is used up; add some, then run the same command again"
        by_code = status == 402 or bool(refusal.codes & _CODES_NO_CREDIT)
        return JudgeMisconfigured(what, hint=hint, whatever_is_asked=by_code)
    if status in _TRANSIENT or status >= 500:
        return JudgeTransient(
            what, status=status, retry_after_s=retry_after_s(refusal.headers), throttled=status in _THROTTLED
        )
    if hint := _hint(refusal, endpoint):
        return JudgeMisconfigured(what, hint=hint)
    return JudgeError(what)


def broken(what: str, endpoint: Endpoint, *, status: int | None = None) -> JudgeTransient:
    """The error for a failed connection or a malformed reply: another try may succeed."""
    return JudgeTransient(f"judge {endpoint.spec}: {clean(what, endpoint.key)}", status=status)


def missing_package(name: str) -> JudgeMisconfigured:
    """The error for a client that is not installed."""
    return JudgeMisconfigured(f"the package {name} is not installed", hint=f"pip install {name}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How many seconds the endpoint asks to wait; its header may be in milliseconds, in seconds or a date."""
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


def refusal_of(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Refusal:
    """The refusal in the body of an error response of any shape."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return Refusal(status, str(error or ""), headers=headers or {})
    codes = frozenset(str(error[name]).lower() for name in ("type", "code") if error.get(name))
    message = str(error.get("message") or error.get("detail") or error or "")
    return Refusal(status, message, codes, str(error.get("param") or ""), headers or {})


def clean(text: str, secret: str = "") -> str:
    """A message from outside as one short line, without the key."""
    if secret:
        text = text.replace(secret, "[key]")
    line = printable(" ".join(text.split()))
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."


def _is_too_long(refusal: Refusal) -> bool:
    """Whether the prompt is too long. This affects only one request, so words anywhere in the message count."""
    status = refusal.status
    if status == 413 or (status < 500 and refusal.codes & _CODES_TOO_LONG):
        return True
    if status == 429:
        return bool(_TOO_LARGE.match(refusal.message))
    return status in (400, 422, 500) and bool(_TOO_LONG.search(refusal.message))


def _means(refusal: Refusal, codes: AbstractSet[str], beginning: re.Pattern[str]) -> bool:
    """Whether a refusal has one of the codes, or a message with this beginning."""
    return bool(refusal.codes & codes or beginning.match(refusal.message.strip()))


def _hint(refusal: Refusal, endpoint: Endpoint) -> str:
    """What the user can do about a status below 500, "" if it is about this one prompt."""
    status = refusal.status
    if 300 <= status < 400:
        return f"{endpoint.address} redirects, which would carry the key elsewhere; use the address it leads to"
    if status == 401 or (status == 400 and _means(refusal, _CODES_NO_KEY, _NO_KEY)):
        return endpoint.key_hint
    if status == 403:
        return f"its key may not use this model; {endpoint.key_hint}"
    if status in (404, 405, 410):
        return f"check the model name {endpoint.model!r} and the address {endpoint.address}"
    if status == 400 and _means(refusal, _CODES_NO_MODEL, _NO_MODEL):
        return f"check the model name {endpoint.model!r}"
    named = [name for name in _names_sent(endpoint.settings) if _is_about(refusal, _ALSO.get(name, re.escape(name)))]
    return f"fix {named[0]} in [judge.settings]" if named else ""


def _is_about(refusal: Refusal, name: str) -> bool:
    """Whether a refusal is about a setting: by its `param`, or by the parameter its message begins with."""
    if refusal.param:
        return re.fullmatch(name, refusal.param) is not None
    return re.match(rf"{_PARAMETER}(?:{name})\b", refusal.message) is not None


def _names_sent(settings: ModelSettings) -> list[str]:
    """The settings that are sent with every request, so that an endpoint may refuse them for any prompt."""
    return [*(name for name in identity(settings) if name not in ("system", "extra")), *settings.extra]


def _sizes(said: str) -> tuple[int | None, int | None]:
    for pattern in _NUMBERS:
        if found := pattern.search(said):
            return int(found["tokens"]), int(found["limit"])
    return None, None
