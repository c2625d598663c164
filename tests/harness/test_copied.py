"""Copied answers: what belongs to single cases is found however it is written; what belongs to the domain is not."""

import ast
from pathlib import Path

import pytest

from meta_reward.harness.validate import Cases, cases_of, inspect_source
from meta_reward.harness.validate.copied import MAX_COPIED, copied
from meta_reward.harness.validate.literals import literals_of
from meta_reward.harness.validate.report import Finding
from meta_reward.offline.proposer.library import load_library
from meta_reward.offline.proposer.source import parse_source, with_parts
from meta_reward.run.settings import RunConfig
from meta_reward.search.context import search_cases
from meta_reward.search.open import divided
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Message, Rollout, Tool, ToolCall, Trajectory
from tests.conftest import PROJECT

BY_HAND = sorted((PROJECT / "tests" / "harness" / "by_hand").glob("*.py"))
SEEDS = sorted((PROJECT / "seed_harnesses").glob("*.py"))
POLICY = "The clock reads 2027-03-16. Bags cost EUR 155 each. Standard, light and flex are fares of Acme Rail."
TOOL = Tool("get_trip", "Look up a trip, such as QX9Z8Y.", {"type": "object", "properties": {}})
STOCK = "Is there anything else at all that I can do for you today"
OWN = "the garden gate was left open so the neighbour's goat ate my ticket"


def rollout(number: int, request: str, *more: Message) -> Rollout:
    messages = (
        Message("user", request),
        Message("assistant", f"Hello. {STOCK}?", (ToolCall("1", "get_trip", {"trip": f"KD{number}4X{number}"}),)),
        *more,
    )
    return Rollout(f"t{number}-r0", f"t{number}", Trajectory(POLICY, (TOOL,), messages))


ROLLOUTS = [
    rollout(1, "I am Wilhelmina Okonkwo, customer C-81734. My trip costs EUR 347, not 523."),
    rollout(2, f"Call me Bartholomew; {OWN}.", Message("tool", '{"name": "Zo\\u00eb Quist", "paid": 1289.95}')),
    rollout(3, "Mail me at jo.doe77@example.org on 2027-08-19, from Springfield to Shelbyville."),
    *(rollout(number, "The trip to Springfield, in standard, please, and EUR 40 back.") for number in range(4, 10)),
]


@pytest.fixture(scope="module")
def cases() -> Cases:
    return cases_of(ROLLOUTS, policy=POLICY, tools=[TOOL])


@pytest.fixture(scope="module")
def skyways() -> Cases:
    tasks = load_task_set(PROJECT / "tasks" / "skyways")
    return search_cases(tasks, divided(tasks, RunConfig())["search"])


def found(source: str, cases: Cases) -> list[Finding]:
    return list(copied(literals_of(ast.parse(source)), cases))


@pytest.mark.parametrize(
    ("source", "text", "place"),
    [
        ("T = {'KD14X1': 90}", "kd14x1", "t1-r0, message 2"),
        ("T = {'kd14x1': 90}", "kd14x1", "t1-r0, message 2"),
        ("T = 'KD1' + '4X1'", "kd14x1", "t1-r0, message 2"),
        ("T = re.compile(r'\\bC\\-81734\\b')", "c-81734", "t1-r0, message 1"),
        ("T = re.compile(r'(?i)\\b[K]D24X2\\b')", "kd24x2", "t2-r0, message 2"),
        ("T = 81734", "81734", "t1-r0, message 1"),
        ("T = b'KD14X1'", "kd14x1", "t1-r0, message 2"),
        ("def f():\n    'As in KD14X1.'", "kd14x1", "t1-r0, message 2"),
        ("T = 'jo.doe77@example.org'", "jo.doe77@example.org", "t3-r0, message 1"),
        ("T = 'on 2027-08-19'", "2027-08-19", "t3-r0, message 1"),
        ("T = 'Okonkwo' in text", "Okonkwo", "t1-r0, message 1"),
        ("T = 'a good answer to Bartholomew in this case'", "Bartholomew", "t2-r0, message 1"),
        ("T = 'Zoë'", "Zoë", "t2-r0, message 3"),
        ("T = 'a refund of EUR 347 was right'", "347", "t1-r0, message 1"),
        ("T = 1289.95", "1289.95", "t2-r0, message 3"),
        (f"T = {OWN!r}", "the garden gate was left open so the neighbour s", "t2-r0, message 1"),
        (
            f"T = {OWN.replace(' ', chr(92) + 's+')!r}",
            "the garden gate was left open so the neighbour s",
            "t2-r0, message 1",
        ),
    ],
)
def test_string_of_a_case_is_found_with_where_it_is_from(cases: Cases, source: str, text: str, place: str) -> None:
    assert [finding.message for finding in found(source, cases)] == [f"holds {text!r}, which is from {place}"]


def test_table_of_what_could_be_anybodys_is_found_and_one_of_it_is_not(cases: Cases) -> None:
    assert [f.message.split(",")[0] for f in found("T = {347: 90, 523: 10}", cases)] == ["holds '347'", "holds '523'"]
    assert len(found("T = ['wilhelmina', 'okonkwo', 'quist']", cases)) == 3
    assert found("T = {347: 90}", cases) == []
    assert found("T = ['quist']", cases) == []


@pytest.mark.parametrize(
    "source",
    [
        "T = 'QX9Z8Y'",  # from a tool's description
        "T = 'C-12345'",  # made up
        "T = ('standard', 'light', 'flex', 'Standard', 'Acme Rail')",
        "T = 'EUR 155 a bag, on 2027-03-16'",
        "T = 'Springfield'",  # most tasks go there
        "T = {155: 2, 100: 3, 40: 1}",
        "T = 'EUR 40'",
        f"T = {STOCK!r}",
        "T = text[:500], text[-1024:], 0.35, 1e9",
        "T = 'the garden gate was left open'",
        "T = re.compile(r'\\d{4}-\\d{2}-\\d{2}|[A-Z0-9]{6}|(?i)yes|no')",
        "# KD14X1\nT = 5",
    ],
)
def test_vocabulary_of_the_domain_and_made_up_examples_are_left_alone(cases: Cases, source: str) -> None:
    assert found(source, cases) == []


def test_texts_that_are_common_to_all_belong_to_no_case() -> None:
    cases = cases_of(ROLLOUTS, policy=POLICY, common=["Ask Bartholomew about KD14X1."])
    assert found("T = 'KD14X1', 'Bartholomew'", cases) == []


@pytest.mark.parametrize(
    "odd", ["\u00b2\u00b2\u00b2\u00b2", "x-" + "1" * 5000, "1" * 5000, "\u0664\u0665\u0666\u0667", "\ud800", "9e999"]
)
def test_any_text_of_a_trajectory_and_of_a_harness_can_be_compared(odd: str) -> None:
    cases = cases_of([rollout(1, f"It is {odd}, or EUR {odd}.")], policy=odd)
    assert found(f"T = {odd!r}, 1e308 * 10, 1e999, {'7' * 400}, 0x{'f' * 5000}", cases) == []
    assert cases_of([rollout(1, f"It is {odd}, or EUR {odd}.")]).sample


def test_findings_are_few_and_the_rest_is_counted(cases: Cases) -> None:
    strings = [f"KD{n}4X{n}" for n in range(1, 10)] + ["C-81734", "Okonkwo", "Bartholomew"]
    findings = found(f"T = {strings!r}", cases)
    assert len(findings) == MAX_COPIED + 1
    assert findings[-1].message == "holds 2 more strings of the search split"


def test_finding_names_the_line_and_how_to_mend_it(cases: Cases) -> None:
    source = "async def reward(trajectory, judge):\n    return {'KD14X1': 90}.get('x', 50)\n"
    (finding,) = inspect_source(source, cases=cases).findings
    assert (finding.check, finding.line) == ("copied", 2)
    assert "state a rule that holds for cases nobody has seen" in finding.hint


@pytest.mark.parametrize("path", [*BY_HAND, *SEEDS], ids=lambda path: path.stem)
def test_honest_harness_carries_nothing_of_skyways(skyways: Cases, path: Path) -> None:
    assert inspect_source(path.read_text(), cases=skyways).findings == ()


def test_ten_harnesses_were_written_by_hand() -> None:
    assert len(BY_HAND) == 10


@pytest.mark.slow
def test_no_mechanism_of_the_catalog_carries_anything_of_skyways(skyways: Cases) -> None:
    base = parse_source(SEEDS[0].read_text())
    for part, mechanisms in load_library().items():
        for mechanism in mechanisms.values():
            source = with_parts(base, {part: mechanism.source}, doc=mechanism.headline)
            assert inspect_source(source, cases=skyways).findings == (), mechanism.name


def test_table_of_skyways_bookings_is_found(skyways: Cases) -> None:
    codes = [token.upper() for token in skyways.ids if len(token) == 6 and token.isalnum()][:3]
    assert len(found(f"T = {dict.fromkeys(codes, 90)!r}", skyways)) == 3


@pytest.mark.parametrize(
    "own", [Tool("look_up", "Look up a trip, such as ZK7Y6X."), Tool("look_up", "Look up a trip.")]
)
def test_what_a_tool_of_a_trajectorys_own_says_belongs_to_no_case(own: Tool) -> None:
    told = Message("assistant", "A code looks like ZK7Y6X.")
    odd = Rollout("t9-r9", "t9", Trajectory(POLICY, (own,), (told,)))
    cases = cases_of([*ROLLOUTS, odd], policy=POLICY, tools=[TOOL])
    assert len(found("CODE = 'ZK7Y6X'", cases)) == ("ZK7Y6X" not in own.description)
