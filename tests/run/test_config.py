"""Settings: a run keeps them, a user may raise limits, and whatever is no setting is one clear line."""

from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError, UsageError
from meta_reward.harness.budget import Budget
from meta_reward.run.config import load_run_config, load_user_config, new_config, overlay, raised, render_config
from meta_reward.run.settings import JudgeSettings, Limits, ProposerSettings, RunConfig
from meta_reward.tasks.divide import SplitShares

CONFIG = RunConfig(
    taskset='/tmp/a "b"\\c',
    digest="sha256:0",
    baseline="naive",
    seed=7,
    judge=JudgeSettings("simulated", 4, {"noise": 0.5, "names": ["a"], "deep": {"x": True}}),
    proposer=ProposerSettings("command:./agent", 3, 1.5, "none"),
    limits=Limits(20, 5, 100, 1000, 2.5, 0.5),
    splits=SplitShares(0.5, 0.25, 0.25, 3),
    budget=Budget(cpu_s=3, active_s=1.0),
)


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    for config in (RunConfig(), CONFIG):
        (tmp_path / "run.toml").write_bytes(render_config(config))
        assert load_run_config(tmp_path / "run.toml") == config


@pytest.mark.parametrize("schema", ["", "schema = 1", "schema = '1'"])
def test_run_of_another_version_is_refused(tmp_path: Path, schema: str) -> None:
    (tmp_path / "run.toml").write_text(f"{schema}\nnew_key = 1\n")
    with pytest.raises(DataError, match=r"run has schema .*; this version reads 2 \(start a new run\)"):
        load_run_config(tmp_path / "run.toml")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[limits", "is not valid TOML"),
        ("lamits = 1", "unknown key 'lamits' (known: schema, kind, taskset"),
        ("[limits]\niteration = 1", "table [limits]: unknown key 'iteration' (known: iterations"),
        ("limits = 5", "limits is not a table"),
        ("[limits]\niterations = 'many'", "limits.iterations is 'many' (it should be a whole number)"),
        ("[limits]\niterations = 1.5", "limits.iterations is 1.5 (it should be a whole number)"),
        ("[limits]\niterations = true", "limits.iterations is True (it should be a whole number)"),
        ("[limits]\nmax_usd = true", "limits.max_usd is True (it should be a number)"),
        ("[limits]\niterations = -1", "limits.iterations is -1, and must be at least 0"),
        ("[limits]\nmax_hours = nan", "limits.max_hours is nan"),
        ("[proposer]\nminutes = 0", "proposer.minutes is 0, which leaves a session no time"),
        ("[proposer]\nminutes = inf", "proposer.minutes is inf"),
        ("[splits]\nsearch = nan", "splits.search is nan"),
        ("[judge]\nspec = 1979-05-27", "judge.spec is"),
        ("[judge]\nsettings = []", "judge.settings is [] (it should be a table)"),
    ],
)
def test_what_is_no_setting_is_named_by_table_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "night.toml").write_text(text)
    with pytest.raises(DataError) as found:
        load_user_config(tmp_path / "night.toml")
    assert str(tmp_path / "night.toml") in str(found.value)
    assert complaint in str(found.value)


def test_flags_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text("seed = 3\n[limits]\niterations = 5\nmax_usd = 2\n[judge]\nspec = 'x'\n")
    tables = load_user_config(tmp_path / "night.toml")
    config = new_config(overlay(tables, {"limits.iterations": 9, "proposer.candidates": 4, "seed": None}))
    assert config == RunConfig(
        seed=3,
        limits=Limits(iterations=9, max_usd=2.0),
        judge=JudgeSettings("x"),
        proposer=ProposerSettings(candidates=4),
    )
    assert load_user_config(None) == {}


def test_laying_flags_over_tables_leaves_the_tables_alone() -> None:
    tables = {"limits": {"iterations": 5}, "seed": 3}
    assert overlay(tables, {"limits.iterations": 9, "seed": 4}) == {"limits": {"iterations": 9}, "seed": 4}
    assert tables == {"limits": {"iterations": 5}, "seed": 3}


@pytest.mark.parametrize(
    ("requested", "limits"),
    [
        ({}, Limits(20, 5, 100, 1000, 2.5, 0.5)),
        ({"limits.iterations": 20, "seed": 7, "judge.spec": "simulated"}, Limits(20, 5, 100, 1000, 2.5, 0.5)),
        ({"limits.iterations": 21, "limits.patience": 9}, Limits(21, 9, 100, 1000, 2.5, 0.5)),
        ({"limits.max_usd": 3, "limits.max_calls": 0}, Limits(20, 5, 0, 1000, 3.0, 0.5)),
        ({"taskset": "elsewhere"}, Limits(20, 5, 100, 1000, 2.5, 0.5)),
    ],
)
def test_limits_of_a_run_may_be_raised(requested: dict[str, Any], limits: Limits) -> None:
    config = raised(CONFIG, overlay({}, requested), "night-1")
    assert (config.limits, config.seed, config.taskset, config.judge) == (limits, 7, CONFIG.taskset, CONFIG.judge)


def test_speed_of_a_run_may_be_changed() -> None:
    assert raised(CONFIG, {"judge": {"concurrency": 1}}, "night-1").judge.concurrency == 1


def test_run_of_the_seeds_alone_may_be_given_iterations() -> None:
    assert (
        raised(RunConfig(limits=Limits(iterations=0)), {"limits": {"iterations": 4}}, "night-1").limits.iterations == 4
    )


@pytest.mark.parametrize(
    ("requested", "complaint"),
    [
        ({"limits.iterations": 19}, "limits.iterations = 20, and 19 was asked for"),
        ({"limits.iterations": 0}, "limits.iterations = 20, and 0 was asked for"),
        ({"limits.max_usd": 2.4}, "limits.max_usd = 2.5, and 2.4 was asked for"),
        ({"seed": 8}, "seed = 7, and 8 was asked for"),
        ({"digest": "sha256:1"}, "digest = 'sha256:0', and 'sha256:1' was asked for"),
        ({"judge.spec": "simulated:noise"}, "judge.spec = 'simulated', and 'simulated:noise' was asked for"),
        ({"judge.settings": {"noise": 0.6}}, "judge.settings = {"),
        ({"budget.active_s": 2.0}, "budget.active_s = 1.0, and 2.0 was asked for"),
        ({"splits.seed": 4}, "splits.seed = 3, and 4 was asked for"),
    ],
)
def test_other_settings_of_a_run_stay_and_both_are_named(requested: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError) as found:
        raised(CONFIG, overlay({}, requested), "night-1")
    assert f"run night-1 has {complaint}" in str(found.value)
    assert "only limits can be raised" in str(found.value)


def test_limit_that_is_none_cannot_be_brought_in_later() -> None:
    with pytest.raises(UsageError, match=r"has limits\.max_usd = 0\.0, and 5\.0 was asked for"):
        raised(RunConfig(), {"limits": {"max_usd": 5.0}}, "night-1")


def test_packages_are_a_list_of_names_and_part_of_what_fixes_a_run(tmp_path: Path) -> None:
    config = new_config({"packages": ["numpy"]})
    (tmp_path / "run.toml").write_bytes(render_config(config))
    assert load_run_config(tmp_path / "run.toml").packages == ("numpy",)
    assert raised(config, {"packages": ["numpy"]}, "night-1") == config
    with pytest.raises(UsageError, match="packages = "):
        raised(config, {"packages": []}, "night-1")


@pytest.mark.parametrize("packages", ["numpy", [5], ["numpy.linalg"], ["os"], ["meta_reward"], [""]])
def test_what_can_be_no_package_is_refused(packages: object) -> None:
    with pytest.raises(DataError, match="packages"):
        new_config({"packages": packages})


def test_paths_tools_and_variables_of_a_proposer_are_no_packages(tmp_path: Path) -> None:
    wanted = {"bind": ["~/.codex:rw", "/opt/agent"], "env": ["MY_KEY", "os"], "tools": ["Bash"]}
    config = new_config({"proposer": wanted})
    (tmp_path / "run.toml").write_bytes(render_config(config))
    kept = load_run_config(tmp_path / "run.toml").proposer
    assert (kept.bind, kept.env, kept.tools) == (("~/.codex:rw", "/opt/agent"), ("MY_KEY", "os"), ("Bash",))


@pytest.mark.parametrize(
    "proposer", [{"spec": "claude", "model": "m1"}, {"spec": "claude:m1", "model": "m1"}, {"spec": "claude:m1"}]
)
def test_model_of_a_proposer_may_have_a_key_of_its_own(tmp_path: Path, proposer: dict[str, str]) -> None:
    config = new_config({"proposer": proposer})
    assert (config.proposer.spec, config.proposer.model) == ("claude:m1", "")
    assert raised(config, {"proposer": proposer}, "night-1") == config
    assert raised(config, {"proposer": {"model": "m1"}}, "night-1") == config
    with pytest.raises(UsageError, match=r"the proposer is claude:m1: name one model"):
        raised(config, {"proposer": {"model": "m2"}}, "night-1")
    with pytest.raises(UsageError, match=r"proposer\.spec = 'claude:m1', and 'claude:m2' was asked for"):
        raised(config, {"proposer": {"spec": "claude", "model": "m2"}}, "night-1")
    rest = "[judge]\n[limits]\n[splits]\n"
    (tmp_path / "run.toml").write_text(f"schema = 2\n[proposer]\nspec = 'claude'\nmodel = 'm1'\n{rest}")
    assert load_run_config(tmp_path / "run.toml").proposer.spec == "claude:m1"


@pytest.mark.parametrize(
    ("proposer", "complaint"),
    [
        ({"spec": "claude:m1", "model": "m2"}, "proposer.model is 'm2', and the proposer is claude:m1: name one model"),
        ({"model": "m2"}, "proposer.model is 'm2', and proposer catalog takes none: it is for spec = \"claude\""),
        ({"spec": "command:x", "model": "m2"}, "proposer.model is 'm2', and proposer command takes none"),
    ],
)
def test_model_that_contradicts_the_proposer_is_refused(proposer: dict[str, str], complaint: str) -> None:
    with pytest.raises(UsageError) as found:
        new_config({"proposer": proposer})
    assert complaint in str(found.value)


@pytest.mark.parametrize("key", ["sk-proj-0123456789abcdef", "abcdefgh-0123456789"])
def test_key_in_the_proposers_command_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MY_AGENT_KEY", "abcdefgh-0123456789")
    requested = {"proposer": {"spec": f"command:agent --api-key {key}"}}
    for start in (lambda: new_config(requested), lambda: raised(RunConfig(), requested, "night")):
        with pytest.raises(UsageError, match=r"the proposer's command holds a key.*--proposer-env") as refused:
            start()
        assert key not in str(refused.value)


def test_settings_that_are_cut_off_at_a_line_are_damage_and_not_defaults(tmp_path: Path) -> None:
    whole = render_config(new_config({"limits": {"max_usd": 5.0}}))
    (tmp_path / "run.toml").write_bytes(whole[: whole.index(b"[limits]")])
    with pytest.raises(DataError, match=r"run\.toml: has no table \[limits\]: it is cut off, or was edited"):
        load_run_config(tmp_path / "run.toml")
