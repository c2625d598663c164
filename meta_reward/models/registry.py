"""The kinds of judges, by the name before the colon in `--judge KIND:MODEL`.

    anthropic:MODEL     the Messages API              openai:MODEL    chat completions
    claude-code:MODEL   a Claude subscription         simulated       the offline judge

`@http://host:port/...` after the model names another address. Nothing is imported, started or required before the
first call, so that a run can be looked at without a key.
"""

from collections.abc import Callable, Mapping
from typing import Any

from meta_reward.completion import Model
from meta_reward.errors import UsageError
from meta_reward.models.secrets import refuse_secrets

Make = Callable[[str, Mapping[str, Any]], Model]


def make_backend(spec: str, settings: Mapping[str, Any], *, seed: int = 0) -> Model:
    """The judge that a spec names. Raises UsageError if it is unknown, or a setting is not one of its own."""
    kind, _, model = spec.partition(":")
    refuse_secrets({"spec": spec, **settings})
    if kind == "simulated":
        from meta_reward.offline.judge import simulated_judge

        return simulated_judge(model, **{"seed": seed, **settings})
    if kind not in _KINDS:
        known = "simulated, simulated:perfect, simulated:noise, " + ", ".join(f"{name}:MODEL" for name in _KINDS)
        raise UsageError(f"unknown judge {spec.partition('@')[0]!r}", hint=f"known: {known}")
    return _KINDS[kind](spec, settings)


def _anthropic(spec: str, given: Mapping[str, Any]) -> Model:
    from meta_reward.models.endpoint import ANTHROPIC, find_endpoint
    from meta_reward.models.providers.anthropic import AnthropicJudge
    from meta_reward.models.settings import parse_settings

    settings = parse_settings("anthropic", given)
    return AnthropicJudge(find_endpoint(ANTHROPIC, spec, settings))


def _openai(spec: str, given: Mapping[str, Any]) -> Model:
    from meta_reward.models.endpoint import OPENAI, find_endpoint
    from meta_reward.models.providers.openai import OpenAIJudge
    from meta_reward.models.settings import parse_settings

    settings = parse_settings("openai", given, without=("thinking",))
    return OpenAIJudge(find_endpoint(OPENAI, spec, settings))


def _claude_code(spec: str, given: Mapping[str, Any]) -> Model:
    from meta_reward.models.endpoint import SUBSCRIPTION, find_endpoint
    from meta_reward.models.providers.claude_code import ClaudeCodeJudge
    from meta_reward.models.settings import parse_settings

    settings = parse_settings("claude-code", given, without=("temperature", "extra"))
    return ClaudeCodeJudge(find_endpoint(SUBSCRIPTION, spec, settings))


_KINDS: dict[str, Make] = {"anthropic": _anthropic, "openai": _openai, "claude-code": _claude_code}
