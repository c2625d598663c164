"""How long `meta-reward report` takes on a run of many candidates, how large its file is, and when `view` shows one.

    python benchmarks/pages.py [CANDIDATES [TRAJECTORIES [VIEWED]]]

Writes a synthetic run, 60 candidates on 400 search trajectories by default, with a decision, an opened test split, and
sessions of an agent, and times the command in a process of its own. Full traces have the baseline and the chosen one
alone: no report reads those of others. Then a run of VIEWED candidates, 1,000 by default: how long `meta-reward view`
takes until it answers, and then for its first page.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.evaluation.best_of_n import best_of_n, lifts
from meta_reward.evaluation.gate import Loss, Verdict
from meta_reward.evaluation.metrics import differences, mean_interval, outcomes, preferences_of, summarize
from meta_reward.evaluation.records import CallCost, CallRecord, Evaluation, Failure, Result, record_to_json, tokens_of
from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.evaluation.statistics import difference_interval
from meta_reward.harness.runtime import Reward
from meta_reward.harness.validate import Finding, Report
from meta_reward.kinds.reward import reward_part
from meta_reward.models.billing import fold_bill
from meta_reward.run import record
from meta_reward.run.config import new_config
from meta_reward.run.create import create_run
from meta_reward.run.decisions import GATE, SCHEMA, Decision, Finalist
from meta_reward.run.evaluations import Scores, load_outcomes, load_scores, save_evaluation, scores_to_json
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, candidate_id
from meta_reward.run.stop_reason import Stop
from meta_reward.search.controls import LEARNED, Control
from meta_reward.search.test_record import Tested, save_tested
from meta_reward.tasks.about import About
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from meta_reward.trajectory import Message, Pair, Rollout, Tool, ToolCall, Trajectory

_OF_A_TASK = 8
_SEALED_TASKS = 6
_CATEGORIES = ("action-bias", "false-claim", "over-refusal", "state-mismatch")
_SEED = Path(__file__).parents[1] / "seed_harnesses" / "policy.py"


def main(candidates: int = 60, trajectories: int = 400, viewed: int = 1000) -> None:
    """Print seconds and megabytes."""
    with tempfile.TemporaryDirectory() as name:
        made = MadeUp(Path(name), candidates, trajectories)
        layout = made.write()
        wall, cpu = _timed(Path(name))
        size = layout.report.stat().st_size / 1e6
    print(
        f"{candidates} candidates, {trajectories} trajectories: {wall:.1f} s ({cpu:.1f} s of processor), {size:.2f} MB"
    )
    with tempfile.TemporaryDirectory() as name:
        MadeUp(Path(name), viewed, trajectories).write()
        start, wall, cpu = _first_page(Path(name))
    print(
        f"{viewed} candidates: first page in {wall:.2f} s ({cpu:.2f} s of processor), {start:.1f} s after the command"
    )


def _first_page(folder: Path) -> tuple[float, float, float]:
    """Seconds until `view` names its address, then until the first page is there, and what the latter computes."""
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", "view", "night", "--no-open"]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        address, answers, before = server.stdout.readline().split()[0], time.perf_counter(), _ticks(server.pid)
        with urllib.request.urlopen(address) as page:
            assert b"candidate-table" in page.read()
        wall, cpu = time.perf_counter() - answers, _ticks(server.pid) - before
        server.terminate()
    return answers - began, wall, cpu / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    """The time of the processor that a process has taken, in ticks of the clock."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _timed(folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", "report", "night"]
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A run that nobody searched in."""

    folder: Path
    """In which `tasks/made` and `runs/night` are written."""
    candidates: int = 6
    trajectories: int = 16
    """Of the search split: eight of each task."""
    words: str = ""
    """Put into every text that a stranger may write: trajectories, replies, programs, proposals, sessions."""
    ended: bool = True
    """Whether there is a decision."""
    tested: bool = True
    """Whether the test split is open."""
    policy_lines: int = 60

    def write(self) -> Layout:
        """Write the run."""
        taskset = self._task_set()
        layout = Layout(self.folder / "runs" / "night")
        facts = {"taskset": str(taskset.path.resolve()), "digest": taskset.digest, "seed": 1}
        config = new_config({**facts, "judge": {"spec": "simulated"}, "proposer": {"spec": "claude:made-up"}})
        assert taskset.division is not None
        splits = taskset.division.splits
        create_run(layout, config, taskset, splits, [], instructions="")
        rows: list[Row] = []
        for iteration in range((self.candidates + 1) // 2):
            rows = self._iteration(layout, taskset, splits, iteration, rows)
        files.write_lines(layout.account, [{"before": {"calls": 0, "cost_usd": 0.0, "unpriced": 0}}])
        fold_bill(layout.account)
        files.write_json(layout.stop, Stop("finished", "all iterations done"))
        if self.ended:
            self._decide(layout, taskset, splits)
        return layout

    def _task_set(self) -> TaskSet:
        tasks = self.trajectories // _OF_A_TASK
        names = [f"t{number:03d}" for number in range(tasks + 2 * _SEALED_TASKS)]
        rollouts = [self._rollout(task, number) for task in names for number in range(_OF_A_TASK)]
        pairs = [
            Pair(pair.id, pair.task, pair.preferred, pair.other, (_CATEGORIES[number % 4], *self._category()))
            for number, pair in enumerate(pairs_from_labels(rollouts))
        ]
        path = self.folder / "tasks" / "made"
        sealed = tasks + _SEALED_TASKS
        splits = {"search": tuple(names[:tasks]), "validation": tuple(names[tasks:sealed])}
        division = Division({**splits, "test": tuple(names[sealed:])}, SplitShares())
        policy = "\n".join(
            f"{line}. Rule {line} of the desk says what is done, by whom, and when it is refused {self.words}"
            for line in range(self.policy_lines)
        )
        about = About("made", simulated=True, category_notes=dict.fromkeys(self._category(), self.words))
        tools = [Tool("get_order", f"Look up an order. {self.words}")]
        save_task_set(path, about, policy=policy, tools=tools, rollouts=rollouts, pairs=pairs, division=division)
        return load_task_set(path)

    def _category(self) -> tuple[str, ...]:
        return (self.words,) if self.words else ()

    def _rollout(self, task: str, number: int) -> Rollout:
        words = random.Random(f"{task} {number}")
        said = [self._sentences(words) for _ in range(8)]
        messages = [Message("user", said[0])]
        for turn in range(1, 7):
            call = ToolCall(f"call-{turn}", "get_order", {"order": words.randrange(10**6), "note": self.words})
            result = json.dumps({"order": words.randrange(10**6), "status": "sent", "note": self.words})
            messages += [Message("assistant", said[turn], (call,)), Message("tool", result, tool_call_id=call.id)]
        messages.append(Message("assistant", said[7]))
        return Rollout(f"{task}-r{number}", task, Trajectory("", (), tuple(messages)), number % 2)

    def _sentences(self, words: random.Random) -> str:
        numbers = " ".join(f"item {words.randrange(1000)} at {words.randrange(100)} euros," for _ in range(12))
        return f"I looked at the order and found {numbers} which is what the policy allows. {self.words}"

    def _iteration(
        self, layout: Layout, taskset: TaskSet, splits: Mapping[str, Sequence[str]], iteration: int, before: list[Row]
    ) -> list[Row]:
        numbers = [number for number in (2 * iteration + 1, 2 * iteration + 2) if number <= self.candidates]
        if iteration:
            self._session(layout, iteration)
        for number in numbers:
            self._candidate(layout, taskset, splits["search"], number, iteration)
        new = [record.row_of(layout, self._folder(number), iteration, judge="simulated") for number in numbers]
        rows = [*before, *new]
        record.save_iteration(layout, rows, record.Iteration(iteration, tuple(row.id for row in new), ()))
        return rows

    @staticmethod
    def _folder(number: int) -> str:
        return f"{candidate_id(number)}-made-up"

    def _candidate(self, layout: Layout, taskset: TaskSet, tasks: Sequence[str], number: int, iteration: int) -> None:
        source = _SEED.read_text() + "".join(
            f"\n\ndef helper_{line}() -> str:\n    return 'candidate {number} line {line} '\n"
            for line in range(number % 7)
        )
        source += f"\n# {self.words}\n"
        parents = f"[{candidate_id(max(1, number - 2))}]" if iteration else "[]"
        why = f"Candidate {number} expects to judge better for a reason that takes a sentence to tell. {self.words}"
        refused = number % 9 == 5
        finding = Finding("imports", f"imports what is not allowed {self.words}", "leave it out", 3)
        report = Report((finding,) if refused else (), ("view", "score"), () if refused else (finding,))
        record.save_candidate(
            layout,
            self._folder(number),
            source=source,
            proposal=f"---\nparents: {parents}\n---\n## Hypothesis\n\n{why}\n\n## Evidence\n\n{why}\n",
            report=report,
            iteration=iteration,
        )
        if not refused:
            self._evaluate(layout.candidate(self._folder(number)), taskset, tasks, number, sealed=False)

    def _evaluate(self, folder: Path, taskset: TaskSet, tasks: Sequence[str], number: int, *, sealed: bool) -> None:
        rollouts, pairs = taskset.part(tasks)
        if number in (1, self._best):
            results = [self._result(rollout, number) for rollout in rollouts]
            part = reward_part(rollouts, pairs)
            save_evaluation(folder, Evaluation(results), part, taskset, judge="simulated", sealed=sealed)
            return
        rewards: dict[str, float | None] = {rollout.id: _reward(rollout, number) for rollout in rollouts}
        found, cost = outcomes(pairs, rewards), record_to_json(self._cost(number))
        files.write_lines(folder / "calls.jsonl", ({"trajectory": rollout.id, **cost} for rollout in rollouts))
        files.write_lines(folder / "pairs.jsonl", found)
        metrics = summarize(
            found,
            examples=len(rollouts),
            tokens=tokens_of(self._cost(number) for _ in rollouts),
            preferences=preferences_of(
                found, rewards=reward_stats(rollouts, rewards), selection=best_of_n(rollouts, rewards)
            ),
        )
        files.write_json(folder / "scores.json", scores_to_json(Scores("simulated", False, [], metrics)))

    @property
    def _best(self) -> int:
        """The number of the chosen one."""
        return 4 if self.candidates < 8 else 8

    @staticmethod
    def _cost(number: int) -> CallCost:
        return CallCost(1, 1, 2000 * (1 + number % 5), 100, 0, 0, 0.0, False, 1, None, 0.1)

    def _result(self, rollout: Rollout, number: int) -> Result:
        text = rollout.trajectory.transcript()
        asked = {"role": "user", "content": f"## Policy\n\n{rollout.trajectory.policy}\n\n## Run\n\n{text}\n\n{number}"}
        reply = f"The agent looked first and asked before it wrote. {self.words}\nScore: {_reward(rollout, number):.0f}"
        call = CallRecord(1, 1, 0, f"You are a judge. {self.words}", [asked], [], None, None, reply, [], "end")
        cost = self._cost(number)
        if rollout.id.endswith("r7") and number == 1 and self.words:
            failure = Failure("ValueError", f"unreadable {self.words}", self.words)
            return Result(rollout.id, rollout.task, None, failure, [call], [cost], self.words)
        return Result(rollout.id, rollout.task, Reward(_reward(rollout, number), reason=reply), None, [call], [cost])

    def _session(self, layout: Layout, iteration: int) -> None:
        """The record of a session of an agent, as the search leaves it."""
        read = [f"candidates/c{number:04d}-made-up/pairs.jsonl {self.words}" for number in range(1, 2 * iteration)]
        summary = {
            "proposer": "claude:made-up",
            "jail": "tools",
            "status": "ended",
            "reason": self.words,
            "minutes": 2.5 + iteration,
            "turns": 12,
            "input_tokens": 100_000 * iteration,
            "output_tokens": 4_000,
            "cost_usd": 0.5,
            "tool_calls": 9,
            "refused": 1,
            "files_read": read,
            "candidates": ["c0001"],
            "trials": [{"path": "draft", "agreement": 0.5, "note": self.words}],
        }
        session = {"schema": 1, "iteration": iteration, "order": [], "notes": [], "summary": summary}
        files.write_json(layout.session_record(iteration), session)
        files.write_lines(layout.transcript(iteration), self._transcript(read))

    def _transcript(self, read: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        yield {"type": "begin", "seconds": 0.0, "runs": "made-up", "jail": "tools"}
        yield {"type": "prompt", "seconds": 0.1, "text": f"# Write better harnesses\n\n{self.words}"}
        for number, path in enumerate(read[:30]):
            said = {"content": [{"text": f"I look at {path}."}, {"thinking": f"Why is this? {self.words}"}]}
            yield {"type": "message", "seconds": 1.0 + number, "kind": "AssistantMessage", "message": said}
            given = {"file_path": path}
            yield {
                "type": "decision",
                "seconds": 1.5 + number,
                "id": "x",
                "tool": "Read",
                "input": given,
                "refused": "",
            }
            result = {"content": [{"tool_use_id": "x", "content": f"line 1\n{self.words}", "is_error": False}]}
            yield {"type": "message", "seconds": 1.7 + number, "kind": "UserMessage", "message": result}
        given = {"command": f"curl {self.words}"}
        yield {
            "type": "decision",
            "seconds": 40.0,
            "id": "y",
            "tool": "Bash",
            "input": given,
            "refused": f"no {self.words}",
        }
        yield {"type": "end", "seconds": 0.0, "status": "ended", "reason": ""}

    def _decide(self, layout: Layout, taskset: TaskSet, splits: Mapping[str, Sequence[str]]) -> None:
        best, base = self._folder(self._best), self._folder(1)
        for split in ("validation", "test") if self.tested else ("validation",):
            for number in (1, self._best):
                folder = layout.sealed_evaluation(split, self._folder(number))
                self._evaluate(folder, taskset, splits[split], number, sealed=True)
        id = candidate_id(self._best)
        losses = (Loss("t001", -0.2, 5),)
        verdict = Verdict(id, 0.12, 0.01, 0.08, 6, True, 0.1)
        finalist = Finalist("made-up", verdict, 0.7, 10**5, True, losses, (Loss(self.words or "procedure", -0.1, 9),))
        decision = Decision(GATE, id, "c0001", None, 1, 0.08, True, 6, 0.58, ("c0001", id), (finalist,))
        files.write_bytes(layout.decisions, files.dump_line({"schema": SCHEMA, **files.as_dict(decision)}))
        if self.tested:
            save_tested(layout, self._tested(layout, taskset, splits["test"], base, best))

    def _tested(self, layout: Layout, taskset: TaskSet, tasks: Sequence[str], base: str, best: str) -> list[Tested]:
        folders = [layout.sealed_evaluation("test", folder) for folder in (base, best)]
        scores = [load_scores(folder) for folder in folders]
        before, after = (load_outcomes(folder) for folder in folders)
        found = difference_interval(differences(before, after))
        rollouts, _ = taskset.part(tasks)
        was, now = ({one.id: _reward(one, number) for one in rollouts} for number in (1, self._best))
        assert scores[0]
        assert scores[1]
        assert found
        control = Control(LEARNED, mean_interval(before), found, found, 0, 0)
        return [
            Tested("c0001", "made-up", scores[0], None),
            Tested(best[:5], "made-up", scores[1], found, tuple(lifts(rollouts, was, now)), (control,)),
        ]


def _reward(rollout: Rollout, number: int) -> float:
    """Better candidates have larger numbers; some trajectories mislead all of them."""
    noise = random.Random(f"{rollout.id} {number}").gauss(0, 25)
    misleads = random.Random(rollout.id).random() < 0.1
    signal = (-30 if misleads else 6 + number % 8 * 3) * (1 if rollout.success else -1)
    return round(min(100.0, max(0.0, 50 + signal + noise)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
