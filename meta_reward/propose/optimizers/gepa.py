"""GEPA, through its own package: reflective mutation with a Pareto front over the pairs of the search split.

GEPA has its own loop, so each session replays it from the start: candidates and earlier replies of the writing model
come from the record, and the replay ends when a program appears that has no score yet. Tried with gepa 0.1.4.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from gepa.api import optimize
from gepa.core.adapter import EvaluationBatch
from gepa.optimize_anything import optimize_anything_reflection_prompt_template as reflection
from gepa.strategies.proposal_sampling import IndependentSampling

from meta_reward.propose.optimizers.evidence import Tried, as_key, divided_items
from meta_reward.propose.optimizers.session import Ask, Task, Written

_PART = "harness"
_IDLE_STEPS = 50  # steps that ask nothing, because a parent wins all pairs it was drawn with


def propose(task: Task, ask: Ask) -> list[Written]:
    """The next programs that GEPA wants scored. Raises as `Writer.ask`."""
    run: Any = _Replay(task.tried, ask)
    try:
        optimize(
            {_PART: task.start.source},
            *divided_items(task.start),
            adapter=run,
            reflection_lm=run.reflect,
            reflection_prompt_template=f"{task.instructions}\n\n{task.interface}\n\n{reflection}",
            sampling_strategy=IndependentSampling(task.candidates) if task.candidates > 1 else None,
            stop_callbacks=lambda state: state.i > _IDLE_STEPS + run.asked,
            logger=SimpleNamespace(log=str),
            seed=task.seed,
        )
    except _Stop as stop:
        if stop.__cause__ is not None:
            raise stop.__cause__ from None
    return [Written(f"{source}\n", [parent]) for source, parent in run.new.items()]


class _Stop(BaseException):
    """Ends the replay: GEPA catches every Exception of its adapter and its model, and goes on."""


class _Replay:
    """GEPA's adapter and its model. As an adapter, it scores candidates from the record and stops at new ones."""

    propose_new_texts = None

    def __init__(self, tried: Sequence[Tried], ask: Ask) -> None:
        self._tried = {as_key(one.source): one for one in reversed(tried)}
        self._ask, self.asked, self._parents = ask, 0, list[str]()
        self.new = dict[str, str]()  # the parent of each program that has no score yet

    def reflect(self, prompt: str | list[dict[str, Any]]) -> str:
        self.asked += 1
        try:
            return self._ask(str(prompt))
        except Exception as error:
            raise _Stop from error

    def evaluate(self, batch: list[str], candidate: dict[str, str], capture_traces: bool = False) -> Any:
        return self.batch_evaluate([(candidate, batch)])[0]

    def batch_evaluate(self, items: list[tuple[dict[str, str], list[str]]]) -> list[Any]:
        """Evaluations of candidates. All children of a step come at once, in the order of `self._parents`."""
        sources = [as_key(candidate[_PART]) for candidate, _ in items]
        self.new = {s: p for s, p in zip(sources, self._parents, strict=False) if s not in self._tried}
        if self.new:
            raise _Stop
        self._parents = []
        found = [(self._tried[source], batch) for source, (_, batch) in zip(sources, items, strict=True)]
        return [EvaluationBatch([one.id] * len(b), [one.value(x) for x in b], list(b)) for one, b in found]

    def make_reflective_dataset(self, candidate: dict[str, str], evaluated: Any, parts: list[str]) -> dict[str, Any]:
        parent = self._tried[as_key(candidate[_PART])]
        self._parents.append(parent.id)
        return {_PART: [parent.feedback(pair) for pair in evaluated.trajectories]}
