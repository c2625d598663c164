"""How a search ends: its finalists are tested together on validation, and one of them or the baseline is chosen."""

import json
import subprocess
from pathlib import Path

import pytest

from meta_reward.errors import LimitReached, UsageError
from meta_reward.report.status import status_of
from meta_reward.report.status_text import render_status
from meta_reward.report.test_result import render_test
from meta_reward.run.create import Seed
from meta_reward.run.decisions import Decision, last_decision, load_decisions, sentence_of
from meta_reward.run.layout import Layout
from meta_reward.run.record import load_iterations
from meta_reward.search.create import raise_limits
from meta_reward.search.decide import choose
from meta_reward.search.test_split import finalists_and_frontier
from meta_reward.tasks.openings import count_looks, count_openings
from meta_reward.use.loaded import Wanted, load
from tests.search.conftest import World, harness, make_world, proposal

BETTER = harness("Look closely at this run.")
DEARER = harness("Look closely at this run, and take your time over each of its steps.")
WORSE = harness("Look at this run.")


def decision_of(world: World) -> Decision:
    decision = last_decision(world.layout)
    assert decision is not None
    return decision


def subjects(layout: Layout) -> list[str]:
    command = ["git", "log", "--format=%s", "main"]
    return subprocess.run(command, cwd=layout.root, check=True, capture_output=True, text=True).stdout.splitlines()


def validated(world: World) -> list[str]:
    return sorted(path.parent.name for path in world.layout.sealed.glob("validation/*/scores.json"))


def test_finalist_that_passes_replaces_the_baseline_and_every_number_is_on_record(wide: World) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    told = json.loads(wide.layout.decision.read_text())
    assert {key: told[key] for key in ("by", "chosen", "baseline", "untested", "look", "level", "tasks")} == {
        "by": "gate",
        "chosen": "c0002",
        "baseline": "c0001",
        "untested": None,
        "look": 1,
        "level": 0.08,
        "tasks": 6,
    }
    (finalist,) = told["finalists"]
    assert (finalist["verdict"]["p"], finalist["verdict"]["difference"]) == (2**-6, 0.25)
    assert wide.layout.best.read_text() == BETTER
    assert subjects(wide.layout)[0] == "Decision: c0002 replaces the baseline c0001"
    assert wide.notes[-1] == (
        "c0002 replaces the baseline c0001: +25.0 points on validation (selected), adjusted p 0.016, level 0.08, "
        "6 of 6 tasks differ"
    )


def test_too_few_tasks_are_no_test_and_the_best_is_named_untested(begun: World) -> None:
    begun.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    begun.search(iterations=1)
    decision = decision_of(begun)
    assert (decision.chosen, decision.untested) == ("c0001", "c0002")
    assert "c0002 is the best on search and validation together, and untested: +25.0 points" in sentence_of(decision)
    assert begun.layout.best.read_text() == begun.seeds[0].source


def test_only_the_best_on_search_and_the_baseline_are_evaluated_on_validation(wide: World) -> None:
    wide.proposer.drafts = {1: {"better": (BETTER, proposal("c0001")), "worse": (WORSE, proposal("c0001"))}}
    wide.search(iterations=1)
    assert validated(wide) == ["c0001-baseline", "c0002-better"]


def test_of_candidates_that_decide_alike_the_cheaper_is_the_finalist(wide: World) -> None:
    wide.proposer.drafts = {1: {"a-dearer": (DEARER, proposal("c0001")), "b-better": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    assert [finalist.verdict.id for finalist in decision_of(wide).finalists] == ["c0003"]


def test_without_anything_better_on_search_no_look_is_taken(wide: World) -> None:
    wide.proposer.drafts = {1: {"worse": (WORSE, proposal("c0001"))}}
    wide.search(iterations=1)
    assert (decision_of(wide).look, validated(wide), count_looks(wide.taskset.path)) == (0, [], 0)
    wide.proposer.drafts = {2: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=2)
    assert (decision_of(wide).look, decision_of(wide).chosen) == (1, "c0002" if len(validated(wide)) < 2 else "c0003")


def test_extension_opens_the_next_look_at_a_stricter_level_and_what_passed_stays_passed(wide: World) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    wide.proposer.drafts = {2: {"all": (harness("Look closely, at every detail."), proposal("c0002"))}}
    wide.search(iterations=2)
    first, second = (decision for decision in load_decisions(wide.layout) if decision.look)
    assert [(d.look, d.level) for d in (first, second)] == [(1, 0.08), (2, 0.01)]
    # Six tasks allow no p under 1/64: the new one cannot pass at this look, the old one has.
    assert [(f.verdict.id, f.verdict.passed) for f in second.finalists] == [("c0002", True), ("c0003", False)]
    assert second.chosen == "c0002"


def test_search_that_brings_no_new_finalist_takes_no_new_look(wide: World) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    before = load_decisions(wide.layout)
    wide.search(iterations=3)
    assert load_decisions(wide.layout) == before


def test_search_that_ends_at_a_limit_is_decided_with_what_was_held_back(tmp_path: Path) -> None:
    world = make_world(tmp_path, tasks=20)
    world.proposer.drafts = {n: {"closely": (f"{BETTER}\nX = {n}\n", proposal("c0001"))} for n in range(1, 9)}
    limit = 2 * 32 + 4 * 24  # two candidates on search; baseline and three finalists on validation
    world.create(limits={"iterations": 8, "max_calls": limit})
    ending = world.search()
    assert (ending.state, ending.reason) == (
        "stopped",
        f"limit reached: max-calls 64 of {limit}, with 96 held back for validation; raise it to go on",
    )
    assert decision_of(world).chosen == "c0002"
    assert len(world.judge.requests) == 2 * 32 + 2 * 24


def test_seed_that_another_run_chose_on_the_same_split_is_not_covered(wide: World, tmp_path: Path) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    again = World(tmp_path / "again", wide.judge, wide.proposer, [*wide.seeds, Seed("closely", BETTER)], wide.taskset)
    again.search(iterations=0)
    (finalist,) = decision_of(again).finalists
    assert (finalist.name, finalist.not_covered, finalist.verdict.passed) == ("closely", True, True)
    assert count_looks(wide.taskset.path) == 2


def test_person_adds_a_harness_and_it_is_a_candidate_like_any_other(wide: World) -> None:
    wide.search(iterations=1)
    row = wide.add("mine", BETTER)
    assert (row.id, row.name, row.score) == ("c0002", "mine", 0.75)
    assert [line.added for line in load_iterations(wide.layout)] == [False, False, True]
    assert decision_of(wide).chosen == "c0002"
    assert wide.search(iterations=2).reason == "2 iterations done"
    assert len(load_iterations(wide.layout)) == 4


def test_harness_that_is_refused_is_not_added(wide: World) -> None:
    with pytest.raises(UsageError, match="mine was not added: line 1: imports 'socket'"):
        wide.add("mine", "import socket\n" + BETTER)
    with pytest.raises(UsageError, match="mine was not added: line 1: does not parse"):
        wide.add("mine", "x = (\n")
    with pytest.raises(UsageError, match="same was not added: duplicate of c0001"):
        wide.add("same", wide.seeds[0].source)
    assert len(load_iterations(wide.layout)) == 1


def test_person_overrides_the_decision_and_a_test_heeds_it(wide: World) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    found = sentence_of(decision_of(wide))
    assert sentence_of(choose(wide.layout, "c0001")) == f"c0001 was chosen by hand; the gate: {found}"
    assert (decision_of(wide).by, decision_of(wide).chosen) == ("person", "c0001")
    assert subjects(wide.layout)[0] == "Chosen by hand: c0001"
    assert wide.layout.best.read_text() == wide.seeds[0].source
    assert wide.test().tested == ()
    with pytest.raises(UsageError, match="c0009 is not a scored candidate: those are: c0001 c0002"):
        choose(wide.layout, "c0009")


def test_choice_by_hand_before_any_decision_is_what_a_test_is_of(wide: World) -> None:
    wide.add("mine", BETTER)
    choose(wide.layout, "c0002")
    choose(wide.layout, "c0002")
    assert [one.id for one in wide.test().tested] == ["c0002"]
    assert [d.by for d in load_decisions(wide.layout)].count("person") == 1


def test_added_harness_that_is_no_finalist_says_that_the_decision_stands(wide: World) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}
    wide.search(iterations=1)
    before = load_decisions(wide.layout)
    wide.add("worse", WORSE)
    assert load_decisions(wide.layout) == before
    assert "worse is not one of the 3 best on search: the decision stands" in wide.notes


def test_limit_that_leaves_nothing_for_a_decision_is_said_before_it_is_spent(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.create(limits={"iterations": 1, "max_calls": 20})
    world.search()
    assert world.notes[0] == "max-calls 20 is too low for a decision: the baseline and validation take 80"
    raise_limits(world.layout, {"limits": {"max_calls": 80}})
    world.notes.clear()
    world.search()
    assert not [note for note in world.notes if "too low" in note]


def test_every_opening_counts_and_what_was_tested_is_shown_again(wide: World) -> None:
    wide.proposer.drafts = {1: {"better": (BETTER, proposal("c0001")), "worse": (WORSE, proposal("c0001"))}}
    wide.search(iterations=1)
    (chosen,) = wide.test().tested
    assert (chosen.id, chosen.scores.metrics.score) == ("c0002", 0.75)
    assert wide.test().openings == wide.test(finalists_and_frontier).openings == 1
    both = wide.test(["c0003", "c0002"])
    assert ([one.id for one in both.tested], both.openings) == (["c0002", "c0003"], 2)


def test_unknown_id_is_refused_before_anything_is_decided_or_opened(wide: World) -> None:
    wide.add("mine", BETTER)
    decided, notes = load_decisions(wide.layout), len(wide.notes)
    with pytest.raises(UsageError, match="c0009 is not a scored candidate: those are: c0001 c0002"):
        wide.test(["c0009"])
    assert (load_decisions(wide.layout), wide.notes[notes:]) == (decided, [])


def test_search_stopped_by_hand_is_decided_when_it_is_tested(wide: World) -> None:
    wide.proposer.drafts = {1: {"closely": (BETTER, proposal("c0001"))}}

    class Stopped(type(wide.proposer)):  # type: ignore[misc]
        async def propose(self, assignment: object) -> str:
            if assignment.iteration == 2:  # type: ignore[attr-defined]
                raise KeyboardInterrupt
            return await super().propose(assignment)  # type: ignore[no-any-return]

    wide.proposer = Stopped(wide.proposer.drafts)
    with pytest.raises(KeyboardInterrupt):
        wide.search(iterations=3)
    assert decision_of(wide).look == 0
    assert [one.id for one in wide.test().tested] == ["c0002"]
    assert decision_of(wide).look == 1


def test_test_where_a_limit_is_used_up_opens_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.create(limits={"iterations": 1, "max_calls": 16})  # the baseline on search takes them all
    assert world.search().state == "stopped"
    world.judge.requests.clear()
    with pytest.raises(LimitReached):
        world.test()
    assert (count_openings(world.taskset.path), len(world.judge.requests)) == (0, 0)


def test_without_a_jail_the_level_is_not_claimed_wherever_the_decision_shows(tmp_path: Path) -> None:
    world = make_world(tmp_path, tasks=20)
    world.create(limits={"iterations": 1}, proposer={"spec": "command:true", "jail": "none"})
    world.proposer.drafts = {1: {"better": (BETTER, proposal("c0001"))}}
    world.search()
    said = "level 0.08, 6 of 6 tasks differ; the level is not claimed, since the proposer had no jail"
    shown = [render_status(status_of(world.layout)), render_test(world.test()), world.notes[-1]]
    shown.append("\n".join(load(world.layout.root, Wanted()).about()))
    assert [said in " ".join(text.split()) for text in shown] == [True] * 4
