"""The driver of Meta Policy Optimization: blocks of policy updates, with a refinement of the reward between them.

A refinement is an ordinary iteration of a search: a proposer's session, the validator, an evaluation on the search
split, the record. Whether it is kept is a function of the ledger (`current.py`). All state is in the run directory and
the last checkpoint, so a training that was killed at any point resumes from there.
"""

from math import ceil

from meta_reward.errors import LimitReached, UsageError
from meta_reward.kinds.reward import pairwise
from meta_reward.run import git, record
from meta_reward.run.ledger import load_ledger
from meta_reward.run.settings import MpoSettings
from meta_reward.run.stop_reason import Stop
from meta_reward.search.context import Search
from meta_reward.search.decide import reserve
from meta_reward.search.iterate import at_limit, iterate, make_whole, settle, tell_begin, watch
from meta_reward.search.limits import LimitCheck, limit_check
from meta_reward.search.mpo.block import Training, run_block
from meta_reward.search.mpo.current import verdicts
from meta_reward.search.mpo.policies import make_policy
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.search.open import check_sandbox


def blocks_of(settings: MpoSettings) -> int:
    """How many blocks of steps a training has. A refinement lies between each two of them."""
    return ceil(settings.steps / settings.every)


async def run_training(search: Search) -> Stop:
    """Train from what is on disk until the last step or a limit, and return why it ended.

    Raises UsageError for a run that is a search, and whatever else stops a run.
    """
    if not search.config.mpo.policy:
        what = f"run {search.layout.root.name} is a search, which trains no policy"
        raise UsageError(what, hint=f"`meta-reward search {search.layout.root.name}` continues it")
    await check_sandbox(search)
    training = open_training(search)
    limits = limit_check(search.config.limits)
    tell_begin(search)
    make_whole(search)
    git.leave_out(search.layout.root, search.layout.checkpoints.relative_to(search.layout.root).as_posix())
    try:
        await _train(training, limits)
        ending = Stop("finished", f"{search.config.mpo.steps} steps done")
    except LimitReached as limit:
        ending = at_limit(search, limit)
    return await settle(search, ending)


def open_training(search: Search) -> Training:
    """The training of a run. Raises UsageError if its policy cannot act in its tasks."""
    taskset, settings = pairwise(search.taskset), search.config.mpo
    policy = make_policy(settings.policy, PolicyContext(taskset, search.config.seed, settings.policy_settings))
    return Training(search, taskset, policy)


async def _train(training: Training, limits: LimitCheck) -> None:
    """Score the start harness, then train block by block, with a refinement after each block but the last."""
    search = training.search
    blocks = blocks_of(search.config.mpo)
    done = len(record.load_iterations(search.layout))
    for iteration in range(done, blocks):
        if iteration:
            await _block(training, limits, iteration)
        await iterate(search, limits)
        tell_refinement(search, iteration)
    await _block(training, limits, blocks)


async def _block(training: Training, limits: LimitCheck, block: int) -> None:
    search = training.search
    watch(search, limits, reserve(search))
    await run_block(training, block)


def tell_refinement(search: Search, iteration: int) -> None:
    """Note whether the refinement of an iteration was kept, and why."""
    rows = load_ledger(search.layout.ledger)
    for one in verdicts(rows, search.config.mpo.gate):
        if one.row.iteration == iteration:
            text = f"{one.row.id} is {'kept' if one.kept else f'not kept, {one.before.id} stays'}: {one.reason}"
            search.events.note(text)
