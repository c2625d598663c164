"""What may be repeated after a kill changes nothing that is on record."""

from dataclasses import replace
from pathlib import Path

from meta_reward.evaluation.gate import Decision
from meta_reward.run.layout import Layout
from meta_reward.run.record import load_decisions, save_decision

ACCEPTED = Decision(True, "better", 0.1, 0.02, 0.01, 0.05, 27, provisional=False)


def test_decision_of_an_iteration_stands_when_it_is_made_again(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first = save_decision(layout, 3, "c0007", "c0001", ACCEPTED)
    again = save_decision(layout, 3, "c0007", "c0001", replace(ACCEPTED, accepted=False))
    assert again == first
    assert [(line["iteration"], line["accepted"]) for line in load_decisions(layout)] == [(3, True)]
