"""A measurement holds for the judge, the budget and the packages with which it was made, and for no other."""

from dataclasses import replace

import pytest

from meta_reward.run.config import new_config
from meta_reward.run.settings import RunConfig
from meta_reward.use.evidence import what_differs

CONFIG = new_config({"judge": {"spec": "simulated"}, "seed": 1})
REAL = replace(CONFIG, judge=replace(CONFIG.judge, spec="openai:m"))


@pytest.mark.parametrize(
    ("measured_with", "used", "differs"),
    [
        (CONFIG, CONFIG, ""),
        (CONFIG, replace(CONFIG, judge=replace(CONFIG.judge, settings={"noise": 0.1})), "judge"),
        (CONFIG, replace(CONFIG, seed=2), "seed"),
        (REAL, replace(REAL, seed=2), ""),
        (CONFIG, replace(CONFIG, budget=replace(CONFIG.budget, judge_calls=7)), "budget"),
        (CONFIG, replace(CONFIG, packages=("numpy",)), "list of packages"),
    ],
)
def test_other_settings_than_those_of_the_measurement_are_named(
    measured_with: RunConfig, used: RunConfig, differs: str
) -> None:
    assert what_differs(measured_with, used) == (differs and f"it was measured with another {differs}")
