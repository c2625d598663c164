"""The kinds of policies, by the name before the colon in `--policy KIND:MODEL`.

    desk    a softmax policy over the courses of action that an agent of the simulated airline desk can take
    text    one over kinds of short texts, one of which is a title alone (simulated)
    solve   one over ways of answering a problem of `puzzles` (simulated)
    trl     whatever TRL trains: the user's own script asks the run for rewards (`outside.py`)

Each but the last has a module with a function `make(model, context)` that returns a `Policy`; it is imported on use.
"""

from importlib import import_module

from meta_reward.errors import UsageError
from meta_reward.search.mpo.policy import Policy, PolicyContext

TRL = "trl"


def make_policy(spec: str, context: PolicyContext) -> Policy:
    """The policy that a spec names. Raises UsageError if it is unknown, or cannot act in these tasks."""
    kind, _, model = spec.partition(":")
    if kind == TRL:
        hint = 'it takes the run as RefinedReward("RUN"), as docs/training.md shows'
        raise UsageError(f"policy {spec} is trained by a program of your own", hint=hint)
    if kind not in _KINDS:
        raise UsageError(f"unknown policy {spec!r}", hint=f"known: {', '.join((*_KINDS, TRL))}")
    made: Policy = import_module(_KINDS[kind]).make(model, context)
    return made


_KINDS = {
    "desk": "meta_reward.offline.mpo.desk",
    "text": "meta_reward.offline.mpo.text",
    "solve": "meta_reward.offline.solutions.policy",
}
"""The module of each kind."""
