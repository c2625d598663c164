"""All errors that this package raises on purpose, by where they come from.

    MetaRewardError
    ├── UsageError          the user: a wrong name, path, flag or setting
    │   └── RunInUse        another process holds the run
    ├── DataError           a file: it is missing, broken or contradictory
    │   └── OtherVersion    another version of meta-reward wrote it
    ├── CandidateError      a candidate: recorded against it, never fatal to a search
    ├── JudgeError          the judge, on one request
    │   ├── PromptTooLong   a harness may catch it and ask with a shorter view
    │   ├── Unanswerable    the endpoint is up but fails on this request: the trajectory fails, the run continues
    │   └── JudgeUnavailable   the endpoint is down: the evaluation stays unfinished, the run stops cleanly
    │       ├── JudgeMisconfigured   the same, and only the user can fix it: key, model, credit, package
    │       └── WorldUnavailable     a world that agents work in is down
    ├── WorldFailed         a world failed in one conversation: another try may succeed
    ├── JudgeTransient      one try of a call failed, and another may succeed: the gateway retries
    ├── ProposerError       a proposer: the session is recorded, the search continues with the next one
    │   ├── ProposerKilled  killed from outside: the session starts again
    │   └── ProposerUnavailable   the next session would fail the same way: the run stops cleanly
    ├── LimitReached        a limit of the run: stops the search cleanly
    └── GitError            git

Each error stores the facts and builds one line: what is wrong, where, and what to do.
The command line prints that line and exits with 1, or with 4 for LimitReached.
"""

from pathlib import Path


class MetaRewardError(Exception):
    """Base of all errors that are not bugs."""


class UsageError(MetaRewardError):
    """The user asked for something that cannot be done. hint: what to do instead."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        self.what, self.hint = what, hint
        super().__init__(f"{what}: {hint}" if hint else what)


class RunInUse(UsageError):
    """Another process holds the run. what: `run` or `study`."""

    def __init__(self, run: str, holder: str, *, what: str = "run") -> None:
        self.run, self.holder = run, holder
        super().__init__(f"{what} {run} is in use by {holder}", hint="wait for it, or stop it first")


class DataError(MetaRewardError):
    """A file is missing or has wrong content. place: the line or entry, if known."""

    def __init__(self, path: Path, what: str, *, place: str = "", hint: str = "") -> None:
        self.path, self.what, self.place, self.hint = path, what, place, hint
        where = f"{path}, {place}" if place else str(path)
        super().__init__(f"{where}: {what}" + (f" ({hint})" if hint else ""))


class OtherVersion(DataError):
    """Another version of meta-reward wrote the file; nothing in it is damaged."""


class CandidateError(MetaRewardError):
    """A candidate failed on a trajectory. kind: a stable word for programs. message: for people."""

    def __init__(self, kind: str, message: str, *, traceback: str = "") -> None:
        self.kind, self.message, self.traceback = kind, message, traceback
        super().__init__(f"{kind}: {message}")


class JudgeError(MetaRewardError):
    """The judge could not answer one request. tries: how often the request was sent."""

    tries = 1


class PromptTooLong(JudgeError):
    """A prompt does not fit the judge's context window. tokens, limit: in tokens; None if the judge does not say."""

    def __init__(self, tokens: int | None = None, limit: int | None = None) -> None:
        self.tokens, self.limit = tokens, limit
        what = "prompt" if tokens is None else f"prompt of about {tokens} tokens"
        window = "window" if limit is None else f"window of {limit}"
        super().__init__(f"{what} does not fit the judge's {window}")


class Unanswerable(JudgeError):
    """The judge's endpoint answers other requests, but keeps failing on this one."""


class JudgeUnavailable(JudgeError):
    """The judge's endpoint kept failing until retries ran out."""


class JudgeMisconfigured(JudgeUnavailable):
    """The judge cannot be asked at all until the user fixes something; no retry would help.

    whatever_is_asked: every request would fail this way, as the endpoint's status or code shows.
    """

    def __init__(self, what: str, *, hint: str = "", whatever_is_asked: bool = False) -> None:
        self.what, self.hint, self.whatever_is_asked = what, hint, whatever_is_asked
        super().__init__(f"{what}: {hint}" if hint else what)


class WorldFailed(MetaRewardError):
    """A world hung, died or broke its protocol in one conversation; another conversation may succeed."""


class WorldUnavailable(JudgeUnavailable):
    """A world that agents work in fails in every conversation."""


class JudgeTransient(MetaRewardError):
    """One try of a judge call failed; another may succeed.

    status: the HTTP status, None without a response. retry_after_s: the wait that the endpoint asks for.
    throttled: the endpoint asks for fewer calls (429, overloaded). seconds: how long the try took.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        throttled: bool = False,
        seconds: float = 0.0,
    ) -> None:
        self.what, self.status, self.retry_after_s = what, status, retry_after_s
        self.throttled, self.seconds = throttled, seconds
        super().__init__(what)


class ProposerError(MetaRewardError):
    """A proposer's session failed; the search records it and continues. status: a stable word for programs."""

    def __init__(self, what: str, *, status: str = "failed") -> None:
        self.what, self.status = what, status
        super().__init__(what)


class ProposerKilled(ProposerError):
    """A proposer was killed from outside, for example when memory ran out: its session has not ended."""

    def __init__(self, what: str) -> None:
        super().__init__(what, status="killed")


class ProposerUnavailable(ProposerError):
    """A refused key or an unknown model: the next session would fail the same way."""

    def __init__(self, what: str, *, hint: str) -> None:
        self.hint = hint
        super().__init__(f"{what}: {hint}", status="unavailable")


class LimitReached(MetaRewardError):
    """A limit of the run is used up.

    expected: the part of `used` that calls in flight are expected to take. held: the part of `limit` that is held
    back for validation.
    """

    def __init__(self, name: str, used: float, limit: float, *, expected: float = 0.0, held: float = 0.0) -> None:
        self.name, self.used, self.limit, self.expected, self.held = name, used, limit, expected, held
        part = f", {expected:g} of it expected of calls under way" if expected else ""
        part += f", with {held:g} held back for validation" if held else ""
        super().__init__(f"limit reached: {name} {used:g} of {limit:g}{part}; raise it to go on")


class GitError(MetaRewardError):
    """A git command failed in the run directory."""

    def __init__(self, path: Path, command: str, output: str, *, killed: bool = False) -> None:
        self.path, self.command, self.output, self.killed = path, command, output, killed
        super().__init__(f"{path}: git {command} failed: {output.strip() or 'no output'}")
