"""The simulated policies, the judge of texts and the meta model of Meta Policy Optimization."""

import asyncio
import json
import random
from pathlib import Path

import pytest

from meta_reward.completion import Request
from meta_reward.errors import DataError, UsageError
from meta_reward.models.registry import make_backend
from meta_reward.offline.mpo.criteria import CRITERIA, HARMFUL, USELESS, name_of
from meta_reward.offline.mpo.desk import DeskPolicy
from meta_reward.offline.mpo.desk import make as make_desk
from meta_reward.offline.mpo.text import KINDS, write
from meta_reward.offline.mpo.text_judge import Asked, asked_by, marks
from meta_reward.offline.mpo.texts import TOPICS, worth
from meta_reward.propose.meta.refinement import analysis_prompt
from meta_reward.run.samples import Chosen, Seen
from meta_reward.search.mpo.policies import make_policy
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Message, Rollout, Trajectory
from tests.conftest import PROJECT, make_task_set

TASKS = ["t001", "t002", "t004"]
RUBRIC = {"quality": "how well the agent did"}


@pytest.fixture(scope="module")
def skyways() -> TaskSet:
    return load_task_set(PROJECT / "tasks" / "skyways")


def test_desk_policy_begins_as_the_agents_of_its_task_set_do(skyways: TaskSet) -> None:
    policy = make_desk("", PolicyContext(skyways, 0, {"variants": 1}))
    assert policy.success(TASKS) == pytest.approx(0.5, abs=0.06)
    assert {sample.official for sample in policy.sample(TASKS, 4)} == {0.0, 1.0}


def test_draws_follow_from_seed_and_updates_alone(skyways: TaskSet, tmp_path: Path) -> None:
    one, two = (make_desk("", PolicyContext(skyways, 3)) for _ in range(2))
    drawn = one.sample(TASKS, 2)
    assert drawn == one.sample(TASKS, 2) == two.sample(TASKS, 2)
    one.update(drawn, [90.0, 10.0, 50.0, 50.0, None, 70.0])
    one.save(tmp_path)
    two.load(tmp_path)
    assert one.sample(TASKS, 2) == two.sample(TASKS, 2) != drawn
    assert one.weights == two.weights


def test_policy_learns_what_is_rewarded_and_equal_rewards_teach_nothing(skyways: TaskSet) -> None:
    policy = make_desk("", PolicyContext(skyways, 0, {"variants": 1, "kl": 0.0}))
    samples = policy.sample(TASKS, 4)
    assert policy.update(samples, [60.0] * 12).more == {"gradient": 0.0}
    before = policy.success(TASKS)
    for _ in range(30):
        samples = policy.sample(TASKS, 4)
        policy.update(samples, [100 * (sample.official or 0.0) for sample in samples])
    assert policy.success(TASKS) > before + 0.3


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 1}', '{"schema": 1, "updates": 1, "weights": {"a": "b"}}'])
def test_damaged_checkpoint_is_an_error_that_names_it(skyways: TaskSet, tmp_path: Path, content: str) -> None:
    (tmp_path / "policy.json").write_text(content)
    with pytest.raises(DataError, match=r"policy\.json"):
        DeskPolicy(0, make_desk("", PolicyContext(skyways, 0)).rates).load(tmp_path)


@pytest.mark.parametrize("kind", ["desk", "text"])
def test_simulated_policies_refuse_foreign_tasks_and_settings(tmp_path: Path, kind: str) -> None:
    taskset = make_task_set(tmp_path / "small", tasks=3)
    with pytest.raises(UsageError, match="task set small"):
        make_policy(kind, PolicyContext(taskset, 0))
    with pytest.raises(UsageError, match="unknown policy 'nobody': known: desk, text"):
        make_policy("nobody", PolicyContext(taskset, 0))
    with pytest.raises(UsageError, match="takes no argument"):
        make_policy(f"{kind}:large", PolicyContext(taskset, 0))


def test_title_has_full_marks_until_the_rubric_asks_for_substance() -> None:
    texts = {kind: write(kind, "bridges", random.Random(0)) for kind in KINDS}
    vague, firm = Asked(False, False, False), asked_by([CRITERIA["substance"][0]])
    assert max(texts, key=lambda kind: marks("bridges", texts[kind], vague)) == "title"
    assert max(texts, key=lambda kind: marks("bridges", texts[kind], firm)) == "essay"
    assert min(texts, key=lambda kind: marks("bridges", texts[kind], firm)) == "title"
    assert {kind: worth("bridges", text) for kind, text in texts.items() if kind in ("title", "essay")} == {
        "title": 0.0,
        "essay": 1.0,
    }


def asked_of(spec: str, prompt: str, draw: int = 0) -> str:
    request = Request((Message("user", prompt),))
    return asyncio.run(make_backend(spec, {}).complete(request, draw=draw)).text


def analysis_of(text: str, *, spec: str = "simulated:meta-careful", draw: int = 0) -> str:
    messages = (Message("user", "Write a short text about bridges."), Message("assistant", text))
    rollout = Rollout("e1-s0", "e1", Trajectory("", (), messages))
    seen = Seen(Chosen("e1-s0", "e1", "highest reward", 97.0), rollout, ("Score: 97",))
    return asked_of(spec, analysis_prompt(RUBRIC, seen), draw)


def test_careful_meta_model_names_what_is_wrong_with_a_text() -> None:
    rng = random.Random(1)
    said = {kind: analysis_of(write(kind, "bridges", rng)).rpartition("Overlooked: ")[2] for kind in KINDS}
    assert {kind: name_of(text) for kind, text in said.items()} == {
        "title": "substance",
        "outline": "substance",
        "short": "nothing",
        "essay": "nothing",
        "padded": "content",
        "elsewhere": "topic",
    }


def test_meta_model_has_the_weaknesses_it_states_about_as_often() -> None:
    title = write("title", TOPICS[1], random.Random(0))
    said = [analysis_of(title, spec="simulated:meta", draw=draw) for draw in range(300)]
    named = [name_of(text.rpartition("Overlooked: ")[2]) for text in said if "Overlooked: " in text]
    share = {group: sum(name in names for name in named) / 300 for group, names in (("u", USELESS), ("h", HARMFUL))}
    assert 1 - len(named) / 300 == pytest.approx(0.03, abs=0.03)
    assert share == {"u": pytest.approx(0.12, abs=0.06), "h": pytest.approx(0.08, abs=0.05)}
    assert named.count("nothing") / 300 == pytest.approx(0.35 * 0.78, abs=0.09)


def test_merge_keeps_what_several_refinements_ask_for() -> None:
    once, twice = {**RUBRIC, "topic": "on topic"}, {**RUBRIC, "truth": "no lies"}
    parts = {"The rubric": RUBRIC, "Refinement 1": once, "Refinement 2": twice, "Refinement 3": twice}
    prompt = "\n\n".join(f"# {title}\n\n<part>\n{json.dumps(one)}\n</part>" for title, one in parts.items())
    reply = asked_of("simulated:meta-careful", prompt)
    assert json.loads(reply.removeprefix("```json").removesuffix("```")) == twice
