"""`search --traces`: runs of an agent in use as evidence in the history, with the rewards that were learned."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meta_reward.run.layout import Layout
from meta_reward.tasks.taskset import load_task_set
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.test_learned_objective import AGENTS, LEARNED, MODEL
from tests.cli.test_learned_objective import desk as desk
from tests.conftest import ASKING_HARNESS
from tests.endpoints import Endpoint, Said
from tests.use.conftest import PRICED
from tests.use.conftest import finished as finished

SEARCH = ("search", "desk", *MODEL, "--seeds", AGENTS, "--iterations", "0", "--run", "new")


def bring_in(meta_reward: MetaReward, *rows: dict[str, Any], name: str = "used") -> str:
    """What an import of unlabelled traces says."""
    Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = meta_reward("import", f"{name}.jsonl", "--name", name, "--unlabelled")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def trace(n: int, **more: Any) -> dict[str, Any]:
    asked = {"role": "user", "content": f"Cancel booking {n}.\nAnd hurry."}
    return {"messages": [asked, {"role": "assistant", "content": "It is done."}], **more}


def refused(meta_reward: MetaReward, *options: str) -> str:
    ran = meta_reward(*SEARCH, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert not Path("runs/new").exists()
    return ran.err


def test_unlabelled_runs_come_in_without_the_labels_they_have(meta_reward: MetaReward, here: Path) -> None:
    out = bring_in(meta_reward, trace(1, label=1), trace(1, label=0), trace(2, task="t2", label="?"))
    assert out.startswith("2 trajectories, 2 tasks, no policy")
    assert "nothing can be searched for on it; a search for agents by a learned reward takes it with --traces" in out
    taskset = load_task_set(here / "tasks" / "used")
    assert [rollout.success for rollout in taskset.rollouts.values()] == [None, None]
    assert {rollout.task for rollout in taskset.rollouts.values()} >= {"t2"}
    ran = meta_reward("search", "used", "--judge", "simulated")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "task set used has no labels to search by: label it with `meta-reward tasks label" in ran.err
    Path("pairs.jsonl").write_text(json.dumps({"chosen": trace(1)["messages"], "rejected": trace(2)["messages"]}))
    ran = meta_reward("import", "pairs.jsonl", "--name", "pairs", "--unlabelled")
    assert "is a pair, which says what is better" in ran.err


@pytest.mark.slow
def test_traces_are_laid_in_once_with_their_rewards_and_nothing_is_scored_on_them(
    meta_reward: MetaReward, desk: Path
) -> None:
    bring_in(meta_reward, *map(trace, range(5)))
    estimated = meta_reward(*SEARCH, *LEARNED, "--traces", "used", "--dry-run")
    assert "5 traces by the learned reward, judge simulated: 5 judge calls, " in " ".join(estimated.out.split())
    ran = meta_reward(*SEARCH, *LEARNED, "--traces", "used")
    assert ran.code == 0, ran.err
    assert "5 traces of used will be in history/traces, with their learned rewards" in ran.err
    layout = Layout(Path("runs/new"))
    lines = [json.loads(line) for line in (layout.traces / "rewards.jsonl").read_text().splitlines()]
    assert [line["reward"] for line in lines] == sorted(line["reward"] for line in lines)
    first = json.loads((layout.traces / f"{lines[0]['example']}.json").read_text())
    assert first["messages"][0]["content"][1] == "And hurry."
    assert (first["reward"], first["task"]) == (lines[0]["reward"], lines[0]["task"])
    assert "traces/rewards.jsonl" in layout.readme.read_text()
    config = layout.config.read_text()
    assert f'traces = "{Path("tasks/used").resolve()}"' in config
    assert f'traces_digest = "{load_task_set(Path("tasks/used")).digest}"' in config
    items = "".join(file.read_text() for file in layout.candidates.glob("*/items.jsonl"))
    assert not [line for line in lines if line["example"] in items]
    shutil.rmtree("tasks/used")  # they are all there
    assert meta_reward(*SEARCH, "--iterations", "1").code == 0


@pytest.fixture
def paid(meta_reward: MetaReward, desk: Path) -> Iterator[Endpoint]:
    """A judge that costs money; `export` is a reward by it."""
    with Endpoint(lambda seen: Said("90" if "GOOD" in seen.texts[-1] else "10"), latency_s=0.02) as endpoint:
        assert meta_reward("export", "night-1", "--to", "export").code == 0
        Path("export/harness.py").write_text(ASKING_HARNESS)
        judge = f'[judge]\nspec = "openai:m@{endpoint.url}/v1"\nconcurrency = 1\n'
        Path("export/reward.toml").write_text(judge + PRICED)
        yield endpoint


@pytest.mark.slow
def test_reward_whose_price_is_not_known_is_used_where_no_limit_is_wanted(
    meta_reward: MetaReward, paid: Endpoint
) -> None:
    reward, settings = ("--objective", "learned:export"), Path("export/reward.toml")
    assert "set max_usd in [objective] of --config, or lift it with --max-usd none" in refused(meta_reward, *reward)
    settings.write_text(settings.read_text().replace(PRICED, ""))
    Path("limit.toml").write_text("[objective]\nmax_usd = 4.0\n")
    assert "say what it costs, price_input" in refused(meta_reward, *reward, "--config", "limit.toml")
    ran = meta_reward(*SEARCH, *reward, "--max-usd", "none")
    assert ran.code == 0, ran.err
    assert meta_reward(*SEARCH, *reward, "--iterations", "1").code == 0
    assert paid.seen


@pytest.mark.slow
def test_limit_of_the_reward_holds_over_all_starts_and_no_trace_is_scored_twice(
    meta_reward: MetaReward, paid: Endpoint
) -> None:
    bring_in(meta_reward, *map(trace, range(8)))
    search, layout = (*SEARCH, "--objective", "learned:export", "--traces", "used"), Layout(Path("runs/new"))

    def start(max_usd: float) -> tuple[int, int, dict[str, int]]:
        """Its exit code, what the judge was asked so far, and when each trace was written."""
        Path("limit.toml").write_text(f"[objective]\nmax_usd = {max_usd}\n")
        ran = meta_reward(*search, "--config", "limit.toml")
        assert ran.code in (0, 4), ran.err
        assert ran.code == 0 or "max-usd of the learned reward" in ran.out + ran.err
        return ran.code, len(paid.seen), {path.name: path.stat().st_mtime_ns for path in layout.traces.glob("*-*")}

    code, asked, written = start(0.4)
    assert (code, 0 < asked < 8, len(written)) == (4, True, asked)
    assert start(0.4) == (4, asked, written)
    code, _, all_written = start(100.0)
    assert (code, len(all_written)) == (0, 8)
    assert all_written.items() >= written.items()
    assert sum("Cancel booking" in seen.texts[-1] for seen in paid.seen) == 8


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--traces", "used"), "--traces needs a learned reward to score the traces, and there is none"),
        ((*LEARNED, "--traces", "nowhere"), "there is no task set 'nowhere'"),
        ((*LEARNED, "--traces", "desk"), "is a task set for kind agent; this works with kind reward only"),
        ((*LEARNED, "--traces", "used", "--history", "scores"), "--history scores hides them"),
    ],
)
def test_traces_that_cannot_be_are_refused_in_one_line(
    meta_reward: MetaReward, desk: Path, options: tuple[str, ...], said: str
) -> None:
    bring_in(meta_reward, trace(1))
    assert said in refused(meta_reward, *options)


@pytest.mark.parametrize("split", ["test", "validation"])
def test_traces_of_sealed_tasks_are_refused_by_name_and_by_what_was_asked(
    meta_reward: MetaReward, desk: Path, split: str
) -> None:
    task = json.loads((desk / "splits.json").read_text())[split][0]
    tasks = {line["id"]: line for line in map(json.loads, (desk / "tasks.jsonl").read_text().splitlines())}
    asked = {"role": "user", "content": tasks[task]["prompt"].upper() + " "}
    bring_in(meta_reward, trace(1, task=task), name="named")
    bring_in(meta_reward, trace(1), {"messages": [asked, {"role": "assistant", "content": "No."}]}, name="asked")
    for name in ("named", "asked"):
        said = refused(meta_reward, *LEARNED, "--traces", name)
        assert f"1 of the traces are of tasks of {'the ' if split == 'test' else ''}{split}, such as {task}" in said
