"""What fixes a run: `run.toml`, a user's `--config` of the same shape, and flags over both.

A table or key that is no setting (`settings.py`), or a value of the wrong type, is one clear line.
A run keeps its settings: asking for other ones later is refused, except for raised limits and for
what does not touch results.
"""

import math
import sys
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.harness.levels import AUTO, CHOICES
from meta_reward.models.secrets import is_secret, refuse_secrets
from meta_reward.run.settings import SCHEMA, ProposerSettings, RunConfig

HISTORY_LEVELS = ("full", "scores", "summaries", "none")
_CHOICES: dict[str, tuple[object, ...]] = {
    "schema": (SCHEMA,),
    "sandbox": CHOICES,
    "proposer.jail": ("", "none"),
    "proposer.history": HISTORY_LEVELS,
    "proposer.net": ("", "none"),
    "proposer.effort": ("", "low", "medium", "high", "xhigh", "max"),
}
_AT_LEAST_ONE = {"judge.concurrency", "proposer.candidates"}
_FREE = {"sandbox"} | {  # change no result
    f"judge.{name}" for name in "concurrency requests_per_minute tokens_per_minute retries retry_after_s".split()
}
_WHAT_A_RUN_KNOWS = {"taskset"}  # compared by digest


def load_run_config(path: Path) -> RunConfig:
    """The settings of an existing run. Raises DataError for a run of another version."""
    data = _load_toml(path)
    if data.get("schema") != SCHEMA:
        raise DataError(
            path, f"run has schema {data.get('schema')!r}; this version reads {SCHEMA}", hint="start a new run"
        )
    config: RunConfig = _parse(RunConfig, _with_model_in_spec(data), path)
    return config


def load_user_config(path: Path | None) -> dict[str, Any]:
    """The tables of a `--config` file, checked; empty without one."""
    if path is None:
        return {}
    data = _load_toml(path)
    config = _parse(RunConfig, data, path)
    refuse_secrets(config.judge.settings)
    return data


def render_config(config: RunConfig) -> bytes:
    """The text of `run.toml`."""
    import tomli_w

    return tomli_w.dumps(asdict(config)).encode()


def overlay(tables: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with flags over them. flags: by dotted key such as `limits.iterations`; None means not given."""
    merged: dict[str, Any] = {key: dict(v) if isinstance(v, Mapping) else v for key, v in tables.items()}
    for key, value in flags.items():
        if value is not None:
            table, _, name = key.rpartition(".")
            (merged.setdefault(table, {}) if table else merged)[name] = value
    return merged


def new_config(requested: Mapping[str, Any]) -> RunConfig:
    """The settings of a new run: what was asked for over the defaults."""
    config: RunConfig = _parse(RunConfig, _with_model_in_spec(requested), Path("--config"))
    _refuse_key(config.proposer.spec)
    return config


def _refuse_key(proposer: str) -> None:
    if is_secret(proposer):
        what = "the proposer's command holds a key, and a run's settings are written to files"
        raise UsageError(what, hint="put it into an environment variable, and name that with --proposer-env")


def raised(stored: RunConfig, requested: Mapping[str, Any], run: str) -> RunConfig:
    """An existing run's settings with the raised limits of a request.

    Raises UsageError that names both values where the request asks for anything else.
    """
    _refuse_key(requested.get("proposer", {}).get("spec", ""))
    merged = asdict(stored)
    before = dict(_flat(merged))
    for key, wanted in _flat(_with_model_in_spec(requested, stored.proposer.spec)):
        if key in _WHAT_A_RUN_KNOWS or before.get(key) == wanted or (key, wanted) == ("sandbox", AUTO):
            continue
        is_raised_limit = key.startswith("limits.") and _is_raised(key, before[key], wanted)
        if not is_raised_limit and key not in _FREE:
            what = f"run {run} has {key} = {before.get(key)!r}, and {wanted!r} was asked for"
            raise UsageError(what, hint="start another run with --run NAME; only limits can be raised")
        merged = overlay(merged, {key: wanted})
    return new_config(merged)


def _with_model_in_spec(tables: Mapping[str, Any], spec: str = ProposerSettings().spec) -> Mapping[str, Any]:
    """Tables that name the proposer's model where its kind stands. spec: of the proposer, where they do not say."""
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
    if key == "limits.iterations":
        return wanted > before
    return before != 0 and (wanted == 0 or wanted > before)


def _flat(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tables.items():
        if isinstance(value, Mapping) and key != "settings":
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, tuple(value) if isinstance(value, list) else value


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(files.read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(path, f"is not valid TOML: {error}") from None


def _parse(kind: type[Any], data: Mapping[str, Any], path: Path, table: str = "") -> Any:
    """A settings dataclass from a TOML table; raises DataError that names table and key."""
    hints = typing.get_type_hints(kind)
    where = f"table [{table}]" if table else ""
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise DataError(path, f"unknown key {unknown[0]!r}", place=where, hint=f"known: {', '.join(hints)}")
    values: dict[str, Any] = {}
    for item in fields(kind):
        if item.name in data:
            values[item.name] = _value(data[item.name], hints[item.name], path, f"{table}.{item.name}".strip("."))
    return kind(**values)


def _value(value: Any, wanted: Any, path: Path, key: str) -> Any:
    if is_dataclass(wanted):
        if not isinstance(value, Mapping):
            raise DataError(path, f"{key} is not a table")
        return _parse(typing.cast(type[Any], wanted), value, path, key)
    kind = typing.get_origin(wanted) or wanted
    if kind is tuple:
        return _names(value, path, key)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise DataError(path, f"{key} is {value!r}, not of type {kind.__name__}")
    if value not in _CHOICES.get(key, (value,)):
        raise DataError(path, f"{key} is {value!r}, not one of {', '.join(map(repr, _CHOICES[key]))}")
    if key in _AT_LEAST_ONE and value < 1:
        raise DataError(path, f"{key} is {value!r}, and must be at least 1")
    if key == "proposer.minutes" and value == 0:
        raise DataError(path, "proposer.minutes is 0, which leaves a session no time", hint="say how many it may take")
    if isinstance(value, int | float) and not 0 <= value < math.inf:
        raise DataError(path, f"{key} is {value!r}, which is {'negative' if value < 0 else 'no finite number'}")
    return value


def _names(value: Any, path: Path, key: str) -> tuple[str, ...]:
    """The texts in a list; of packages, names that an import statement can begin with, and that are no one else's."""
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise DataError(path, f"{key} is {value!r}, not a list of names")
    for name in value if key == "packages" else ():
        if not name.isidentifier() or name in sys.stdlib_module_names or name == "meta_reward":
            hint = 'write what comes after `import`, such as packages = ["numpy"]'
            raise DataError(path, f"{key} holds {name!r}, which is no package of others", hint=hint)
    return tuple(value)
