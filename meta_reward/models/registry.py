"""The kinds of judges, by the name before the colon in `--judge KIND:MODEL`.

    anthropic:MODEL     the Messages API              openai:MODEL    chat completions
    claude-code:MODEL   a Claude subscription         simulated       the offline judge
                                                      simulated:reader, simulated:solver, simulated:agent
                                                                         offline models for texts, problems and worlds
                                                      simulated:meta, simulated:texts
                                                                         an offline meta model, and a judge of texts

`@http://host:port/...` after the model names another address. Nothing is imported, started or required before the
first call, so that a run can be viewed without a key.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from meta_reward.completion import Model
from meta_reward.errors import UsageError
from meta_reward.models.secrets import refuse_secrets


def make_backend(spec: str, settings: Mapping[str, Any], *, seed: int = 0) -> Model:
    """The judge that a spec names. Raises UsageError if it is unknown, or a setting is not one of its own."""
    kind, _, model = spec.partition(":")
    refuse_secrets({"spec": spec, **settings})
    if spec in _SIMULATED:
        module, name, *preset = _SIMULATED[spec]
        make = getattr(import_module(f"meta_reward.offline.{module}"), name)
        simulated: Model = make(*preset, **{"seed": seed, **settings})
        return simulated
    if kind == "simulated":
        from meta_reward.offline.judge import simulated_judge

        return simulated_judge(model, **{"seed": seed, **settings})
    if kind not in _KINDS:
        offline = ", ".join(("simulated", "simulated:perfect", "simulated:noise", *_SIMULATED))
        known = f"{offline}, " + ", ".join(f"{name}:MODEL" for name in _KINDS)
        raise UsageError(f"unknown judge {spec.partition('@')[0]!r}", hint=f"known: {known}")
    module, name = _KINDS[kind]
    made: Model = getattr(import_module(f"meta_reward.models.providers.{module}"), name)(spec, settings)
    return made


_SIMULATED: dict[str, tuple[str, ...]] = {
    "simulated:reader": ("reader", "simulated_reader"),
    "simulated:solver": ("solver", "simulated_solver"),
    "simulated:solver-weak": ("solver", "simulated_solver", "weak"),
    "simulated:solver-forgetful": ("solver", "simulated_solver", "forgetful"),
    "simulated:solver-gullible": ("solver", "simulated_solver", "gullible"),
    "simulated:agent": ("agent", "simulated_agent"),
    "simulated:agent-perfect": ("agent", "simulated_agent", "perfect"),
    "simulated:agent-eager": ("agent", "simulated_agent", "eager"),
    "simulated:agent-forgetful": ("agent", "simulated_agent", "forgetful"),
    "simulated:comparer": ("comparer", "simulated_comparer"),
    "simulated:writer": ("writer", "SimulatedWriter"),
    "simulated:orchestrator": ("orchestrator", "SimulatedOrchestrator"),
    "simulated:meta": ("mpo.meta", "simulated_meta"),
    "simulated:meta-careful": ("mpo.meta", "simulated_meta", "careful"),
    "simulated:meta-nonsense": ("mpo.meta", "simulated_meta", "nonsense"),
    "simulated:texts": ("mpo.text_judge", "SimulatedTextJudge"),
}
"""For each simulated model that is not a judge: its module in `offline/`, the function that makes it, and a preset."""
_KINDS = {
    "anthropic": ("anthropic", "AnthropicJudge"),
    "openai": ("openai", "OpenAIJudge"),
    "claude-code": ("claude_code", "ClaudeCodeJudge"),
}
"""The module in `providers/` and the class of each kind: made with the spec and the settings."""
