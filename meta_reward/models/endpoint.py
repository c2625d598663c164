"""The address of a judge, and the key that is sent there.

A provider's key is sent to the provider, and to the address in the provider's `..._BASE_URL` unless that is on this
machine. Any other address gets the key in `key_env` or none, so a local server never sees the provider's key.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from meta_reward.errors import JudgeMisconfigured, UsageError
from meta_reward.models.prices import PriceKey
from meta_reward.models.settings import ModelSettings

_SPEC = re.compile(r"(?P<model>.+?)(?:@(?P<address>https?://.+))?")

_SCHEMELESS = re.compile(r"@.*[:/]|@localhost")  # an address that would be taken for part of a model's name
_LOGIN = re.compile(r"^(\w+://)?.*@")  # a name and a password before a host


@dataclass(frozen=True, slots=True)
class Provider:
    """Who runs an endpoint."""

    name: str
    """The provider's name in genai-prices."""
    address: str
    variable: str
    """The environment variable that may hold another address."""
    keys: tuple[str, ...]
    """The environment variables that may hold the key; the first that is set wins."""
    key_from: str = ""
    """How to get a key, added to hints."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A judge's address, key and settings."""

    provider: Provider
    spec: str
    """`KIND:MODEL`, with `@ADDRESS` if the user named one."""
    model: str
    address: str
    settings: ModelSettings
    key_name: str
    """The environment variable that holds the key, "" if it needs none."""
    own: bool
    """Whether the address is the provider's, or the one that the provider's own variable names."""
    key: str = field(default="", repr=False)

    @property
    def about(self) -> dict[str, str]:
        """The part of cache keys that distinguishes it from the provider's own address."""
        return {} if self.address == self.provider.address else {"address": self.address}

    @property
    def price_key(self) -> PriceKey:
        """The key for looking up its prices."""
        return PriceKey(self.provider.name, self.model) if self.own else PriceKey("", self.model, self.address)

    def check_key(self) -> None:
        """Raise JudgeMisconfigured if the key is missing or contains invalid characters."""
        if self.key_name and not self.key:
            raise JudgeMisconfigured(f"judge {self.spec} needs a key", hint=self.key_hint)
        if not (self.key.isascii() and self.key.isprintable()):
            raise JudgeMisconfigured(f"the key of judge {self.spec} has invalid characters", hint=self.key_hint)

    @property
    def key_hint(self) -> str:
        """Where the key comes from, for error messages."""
        if not self.key_name:
            return "if it needs a key, name the environment variable that holds it as key_env in [judge.settings]"
        names = " or ".join(self.provider.keys) if self.key_name in self.provider.keys else self.key_name
        return f"set {names} to a valid key" + self.provider.key_from


def find_endpoint(provider: Provider, spec: str, settings: ModelSettings) -> Endpoint:
    """The endpoint that `KIND:MODEL` or `KIND:MODEL@ADDRESS` names. Raises UsageError."""
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
    own = not named or address == provider.address
    key = os.environ.get(key_name, "").strip() if key_name else ""
    return Endpoint(provider, spec, found["model"], address, settings, key_name, own, key)


def is_local(address: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return number.is_loopback or number.is_unspecified


def _check_address(address: str, shown: str) -> None:
    """Raise UsageError if an address is malformed or has more than host, port and path. Never repeats a password."""
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        bare = _LOGIN.sub(r"\1", address)
        raise UsageError(f"judge {shown}: {bare!r} is not an address", hint="say http://host:port/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        what = f"judge {shown}: its address has more than host, port and path"
        raise UsageError(what, hint="a key belongs in an environment variable, named by key_env in [judge.settings]")


def _first_set(names: tuple[str, ...]) -> str:
    """The first variable that is set; else the first, for the error message. Empty for a provider without keys."""
    return next((name for name in names if os.environ.get(name, "").strip()), next(iter(names), ""))
