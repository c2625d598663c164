"""The settings of a run: `run.toml`, a user's `--config` file with the same tables, and flags that override both.

An unknown table or key, or an invalid value, is a one-line error. A run keeps its settings: a later command may only
raise limits and change what has no effect on results.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, OtherVersion, UsageError
from meta_reward.harness.level import AUTO
from meta_reward.models.secrets import is_secret, refuse_secrets
from meta_reward.run.settings import SCHEMA, ProposerSettings, RunConfig
from meta_reward.settings import BadSetting, UnknownSetting, parse_table

_NO_EFFECT_ON_RESULTS = {
    "sandbox",
    "judge.concurrency",
    "judge.requests_per_minute",
    "judge.tokens_per_minute",
    "judge.retries",
    "judge.retry_after_s",
}
_COMPARED_BY_DIGEST = {"taskset"}
_REWARD_LIMIT = "objective.max_usd"


_ALWAYS_WRITTEN = ("judge", "proposer", "limits", "splits")
"""Without one of these the file is damaged: its settings would silently become the defaults."""


def load_run_config(path: Path) -> RunConfig:
    """The settings of an existing run. Raises DataError for a run of another version."""
    data = _load_toml(path)
    if (schema := data.get("schema")) != SCHEMA:
        refusal = OtherVersion if isinstance(schema, int) else DataError
        raise refusal(path, f"run has schema {schema!r}; this version reads {SCHEMA}", hint="start a new run")
    missing = [table for table in _ALWAYS_WRITTEN if table not in data]
    if missing:
        raise DataError(path, f"has no table [{missing[0]}]: it is cut off, or was edited")
    return _parse(_with_model_in_spec(data), path)


def load_user_config(path: Path | None) -> dict[str, Any]:
    """The tables of a `--config` file, checked; empty without one."""
    if path is None:
        return {}
    data = _load_toml(path)
    config = _parse(data, path)
    refuse_secrets(config.judge.settings)
    refuse_secrets(config.judge.roles.router_settings)
    refuse_secrets(config.proposer.writer_settings)
    return data


def render_config(config: RunConfig) -> bytes:
    """The text of `run.toml`. The table `[mpo]` is left out of a search."""
    import tomli_w

    tables = asdict(config)
    if not config.mpo.policy:
        del tables["mpo"]
    return tomli_w.dumps(tables).encode()


def overlay(tables: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with flags applied. flags: by dotted key such as `limits.iterations`; None means not given."""
    merged: dict[str, Any] = {key: dict(v) if isinstance(v, Mapping) else v for key, v in tables.items()}
    for key, value in flags.items():
        if value is not None:
            table, _, name = key.rpartition(".")
            (merged.setdefault(table, {}) if table else merged)[name] = value
    return merged


def new_config(requested: Mapping[str, Any]) -> RunConfig:
    """The settings of a new run: the requested ones, and the defaults for all others."""
    config = _parse(_with_model_in_spec(requested), Path("--config"))
    _refuse_key(config.proposer.spec)
    return config


def _refuse_key(proposer: str) -> None:
    if is_secret(proposer):
        what = "the proposer's command holds a key, and a run's settings are written to files"
        raise UsageError(what, hint="put it into an environment variable, and name that with --proposer-env")


def raised(stored: RunConfig, requested: Mapping[str, Any], run: str) -> RunConfig:
    """An existing run's settings with what a request may still change: raised limits, and what affects no result.

    Raises UsageError that names both values if the request asks for anything else.
    """
    _refuse_key(requested.get("proposer", {}).get("spec", ""))
    merged = asdict(stored)
    before = dict(_flat(merged))
    for key, wanted in _flat(_with_model_in_spec(requested, stored.proposer.spec)):
        if key in _COMPARED_BY_DIGEST or before.get(key) == wanted or (key, wanted) == ("sandbox", AUTO):
            continue
        is_raised_limit = key.startswith(("limits.", _REWARD_LIMIT)) and _is_raised(key, before[key], wanted)
        if not is_raised_limit and key not in _NO_EFFECT_ON_RESULTS:
            what = f"run {run} has {key} = {before.get(key)!r}, and {wanted!r} was asked for"
            raise UsageError(what, hint="start another run with --run NAME; only limits can be raised")
        merged = overlay(merged, {key: wanted})
    return new_config(merged)


def _with_model_in_spec(tables: Mapping[str, Any], spec: str = ProposerSettings().spec) -> Mapping[str, Any]:
    """Tables with the proposer's `model` moved into its `spec`. spec: used if the tables have none."""
    proposer = tables.get("proposer")
    model = proposer.get("model") if isinstance(proposer, Mapping) else None
    if not isinstance(proposer, Mapping) or not isinstance(model, str) or not model:
        return tables
    kind, _, named = str(proposer.get("spec", spec)).partition(":")
    if kind != "claude":
        raise UsageError(
            f"proposer.model is {model!r}, and proposer {kind} takes none", hint='it is for spec = "claude"'
        )
    if named not in ("", model):
        raise UsageError(f"proposer.model is {model!r}, and the proposer is {kind}:{named}", hint="name one model")
    return overlay(tables, {"proposer.spec": f"{kind}:{model}", "proposer.model": ""})


def _is_raised(key: str, before: float, wanted: float) -> bool:
    if key in ("limits.iterations", _REWARD_LIMIT):  # here 0 does not mean "no limit"
        return wanted > before
    return before != 0 and (wanted == 0 or wanted > before)


def _flat(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tables.items():
        if isinstance(value, Mapping) and not key.endswith("settings"):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, tuple(value) if isinstance(value, list) else value


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(files.read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(path, f"is not valid TOML: {error}") from None


def _parse(data: Mapping[str, Any], path: Path) -> RunConfig:
    """The settings in the tables of a file. Raises DataError that names table and key."""
    try:
        return parse_table(RunConfig, data)
    except UnknownSetting as error:
        place = f"table [{error.table}]" if error.table else ""
        raise DataError(path, f"unknown key {error.key!r}", place=place, hint=error.hint) from None
    except BadSetting as error:
        raise DataError(path, f"{error.key} {error.what}", hint=error.hint) from None
