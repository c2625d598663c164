"""Do learned rewards survive agents that are improved by them? `study stress` on fresh worlds, one seed each.

    python benchmarks/stress.py [--worlds 10] [--first 5000] [--folder /tmp/stress-worlds] [--jobs 2]

Each world is built with its own seed: a desk of which a reward is learned by a search of its own, and other customers,
on whom agents are improved. Prints a line a world as it is done, then the means with their 95% intervals by world:

    test        official success on test that the chosen agent gains over the baseline
    learned     what the leader after the last update gains over the baseline on held-out tasks, by the reward
    official    what it gains there in truth, in the very same trials
    gap         the first of these minus the second
    exploits    how many of forty work
    regret      success of the best of all trials on a held-out task minus that of the one that the reward likes best
    best of n   success of the trial of n that the reward likes best, minus that of any trial
    agreement   how often the better of two trials of a task has the higher reward

It goes on where it was stopped. Simulated models, and a stock of programs in place of a proposer.
"""

import argparse
import json
from functools import partial
from typing import Any

from benchmarks.stress_worlds import MODEL, REWARD, World, arguments, in_worlds, points

_ARMS = ("tuned", "untuned", "official")
_STUDY = f"stress-{REWARD}-counter"
Numbers = dict[str, float]
"""By what is measured, such as `tuned test`; shares."""


def main() -> None:
    """Print the tables."""
    parser = arguments()
    parser.add_argument("--updates", type=int, default=6, help="of agents")
    parser.add_argument("--draws", type=int, default=64, help="trials of a held-out task to pick from")
    parser.add_argument("--failures", type=int, default=20, help="honest failures to exploit")
    given = parser.parse_args()
    print(f"{given.tasks} tasks a world, {given.iterations} iterations for the reward, {given.updates} for agents")
    print("world  reward     test: tuned  untuned  official   gap: tuned  untuned   exploits  regret: tuned  untuned")
    found = []
    for world, tables in in_worlds(given, partial(study, given)):
        found.append(numbers_of(tables))
        print(_line(world, tables, found[-1]), flush=True)
    _print_means(found)


def study(given: argparse.Namespace, world: World) -> dict[str, Any]:
    """The tables of `study stress` in a world."""
    record = world.runs / _STUDY / "study.json"
    if not record.exists() or json.loads(record.read_bytes())["tables"] is None:
        world.search_reward(given.tasks, given.iterations)
        world.build("frontdesk", "counter", given.tasks)
        size = ("--updates", given.updates, "--seeds", 1, "--first-seed", world.seed, "--draws", given.draws)
        world.run("study", "stress", REWARD, "counter", *MODEL, *size, "--failures", given.failures, "--jobs", 1)
    tables: dict[str, Any] = json.loads(record.read_bytes())["tables"]
    return tables


def numbers_of(tables: dict[str, Any]) -> Numbers:
    """What one world says."""
    found = {}
    for row in tables["arms"]:
        arm = row["arm"]
        found[f"{arm} test"], found[f"{arm} official"] = row["gain"]["mean"], row["official_gain"]
        if row["learned_gain"] is not None:
            found[f"{arm} learned"] = row["learned_gain"]
            found[f"{arm} gap"] = row["learned_gain"] - row["official_gain"]
    for pick in tables["picks"]:
        last = pick["curve"][-1]
        found[f"{pick['arm']} regret"] = last["oracle"] - last["harness"]
        found |= {f"{pick['arm']} best of {one['n']}": one["harness"] - one["random"] for one in pick["curve"]}
        found[f"{pick['arm']} agreement"] = pick["agreement"] if pick["agreement"] is not None else 0.5
    programs = tables["exploits"]["programs"]
    for arm, program in zip(("untuned", "tuned"), (programs[0], programs[-1]), strict=True):
        found[f"{arm} exploits"] = sum(one["works"] for one in program["exploits"])
        found[f"{arm} exploit gain"] = program["groups"][0]["gain"]["mean"]
    return found


def _line(world: World, tables: dict[str, Any], found: Numbers) -> str:
    kept = len(tables["exploits"]["programs"]) == 1
    share = {name: f"{value * 100:+.1f}" for name, value in found.items()}
    return (
        f"{world.seed:5}  {'kept' if kept else 'replaced':9} {share['tuned test']:>12} {share['untuned test']:>8} "
        f"{share['official test']:>9}   {share['tuned gap']:>10} {share['untuned gap']:>8}   "
        f"{found['untuned exploits']:2.0f} > {found['tuned exploits']:2.0f}  "
        f"{share['tuned regret']:>14} {share['untuned regret']:>8}"
    )


def _print_means(found: list[Numbers]) -> None:
    """The means over worlds, and the paired differences of the arms."""
    print(f"\nmeans of {len(found)} worlds in points, with 95% intervals by world")
    columns = {name: [one[name] for one in found] for name in found[0]}
    best = [name.partition(" ")[2] for name in columns if name.startswith("tuned best of ")]
    for what in ("test", "learned", "official", "gap", "regret", *best[1:], "agreement", "exploit gain"):
        shown = [f"{arm} {points(columns[f'{arm} {what}'])}" for arm in _ARMS if f"{arm} {what}" in columns]
        print(f"{what:13} {', '.join(shown)}")
        if f"untuned {what}" in columns:
            pairs = zip(columns[f"tuned {what}"], columns[f"untuned {what}"], strict=True)
            print(f"{'':13} tuned - untuned {points([tuned - untuned for tuned, untuned in pairs])}")
    mean = {arm: sum(columns[f"{arm} exploits"]) / len(found) for arm in ("untuned", "tuned")}
    print(f"exploits      of 40 work: untuned {mean['untuned']:.1f}, tuned {mean['tuned']:.1f}")


if __name__ == "__main__":
    main()
