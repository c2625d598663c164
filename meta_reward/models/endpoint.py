"""Where a judge is and which key goes there.

A provider's own key goes to the provider, and to the address that its own `..._BASE_URL` names unless
that is on this machine. Any other address gets the key of `key_env` or none at all: a local server
never sees the real one.
"""

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from meta_reward.errors import UsageError
from meta_reward.models.failures import Whose
from meta_reward.models.prices import PriceKey
from meta_reward.models.settings import ModelSettings

_SPEC = re.compile(r"(?P<model>.+?)(?:@(?P<address>https?://.+))?")

_SCHEMELESS = re.compile(r"@.*[:/]|@localhost")  # an address, which would go unnoticed as part of a model's name
_LOGIN = re.compile(r"^(\w+://)?.*@")  # a name and a password before a host


@dataclass(frozen=True, slots=True)
class Provider:
    """keys: environment variables, the first that is set wins. variable: may name another address."""

    name: str
    address: str
    variable: str
    keys: tuple[str, ...]
    key_from: str = ""


ANTHROPIC = Provider("anthropic", "https://api.anthropic.com", "ANTHROPIC_BASE_URL", ("ANTHROPIC_API_KEY",))
OPENAI = Provider("openai", "https://api.openai.com/v1", "OPENAI_BASE_URL", ("OPENAI_API_KEY",))
SUBSCRIPTION = Provider(
    "anthropic",
    ANTHROPIC.address,
    ANTHROPIC.variable,
    ("CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"),
    "; `claude setup-token` makes one for a subscription",
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A judge's address. key_name: the environment variable that its key comes from, "" where it needs none. own: it is
    the provider's, or the one that the provider's own variable names."""

    provider: Provider
    spec: str
    model: str
    address: str
    key_name: str
    own: bool

    @property
    def key(self) -> str:
        """The key, "" where there is none."""
        return os.environ.get(self.key_name, "").strip() if self.key_name else ""

    @property
    def about(self) -> dict[str, Any]:
        """What sets it apart from the provider's own, for cache keys."""
        return {} if self.address == self.provider.address else {"address": self.address}

    def whose(self, settings: ModelSettings) -> Whose:
        """For messages about failures."""
        return Whose(self.spec, self.address, self.model, self._key_hint(), self.key, settings)

    def price_key(self) -> PriceKey:
        """Who asks money for it."""
        return PriceKey(self.provider.name, self.model) if self.own else PriceKey("", self.model, self.address)

    def _key_hint(self) -> str:
        if not self.key_name:
            return "if it needs a key, name the environment variable that holds it as key_env in [judge.settings]"
        names = " or ".join(self.provider.keys) if self.key_name in self.provider.keys else self.key_name
        return f"set {names} to a valid key" + self.provider.key_from


def find_endpoint(provider: Provider, spec: str, settings: ModelSettings) -> Endpoint:
    """The place that `KIND:MODEL` or `KIND:MODEL@ADDRESS` names. Raises UsageError."""
    found = _SPEC.fullmatch(spec.partition(":")[2].strip())
    shown = spec.partition("@")[0]  # an address may hold a password
    if found is None or found["model"].startswith("@"):
        raise UsageError(f"judge {shown!r} names no model", hint="say KIND:MODEL or KIND:MODEL@http://host:port")
    if _SCHEMELESS.search(found["model"]):
        raise UsageError(f"judge {shown}: its address has no scheme", hint="say @http://host:port/v1")
    named = found["address"]
    address = (named or os.environ.get(provider.variable) or provider.address).rstrip("/")
    _check_address(address, shown if named else f"{shown} at ${provider.variable}")
    gets_own_key = address == provider.address or not (named or is_local(address))
    key_name = settings.key_env or (_first_set(provider.keys) if gets_own_key else "")
    return Endpoint(provider, spec, found["model"], address, key_name, not named or address == provider.address)


def is_local(address: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return number.is_loopback or number.is_unspecified


def _check_address(address: str, shown: str) -> None:
    """Raise UsageError for what is no address, or holds what an address may not; a password is never repeated."""
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        bare = _LOGIN.sub(r"\1", address)
        raise UsageError(f"judge {shown}: {bare!r} is no address", hint="say http://host:port/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        what = f"judge {shown}: its address holds more than host, port and path"
        raise UsageError(what, hint="a key belongs into an environment variable, named by key_env in [judge.settings]")


def _first_set(names: tuple[str, ...]) -> str:
    return next((name for name in names if os.environ.get(name, "").strip()), names[0])
