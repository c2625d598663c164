"""What the validator takes to read sources that were made to hurt whoever folds their constants, and ordinary ones.

    python benchmarks/hostile.py

Prints time, peak memory of the process and of the largest of its children, and the verdict of
`meta-reward validate` on each hostile source; then what inspecting an ordinary source costs once the
inspector is warm. The constants stand in a function that nobody calls: it is reading that is measured.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from meta_reward.harness.validate import inspect_source

PROJECT = Path(__file__).parents[1]
ROUNDS = 50
HARNESS = (
    "{names}\n\n\ndef unused():\n    return {expression}\n\n\nasync def reward(trajectory, judge):\n    return 50\n"
)
LONG = "s = " + repr("What stands here is read as a text of sixty thousand characters. " * 920)


def nested(depth: int) -> str:
    """Lists within lists, each twice in the next: 2**depth texts once they are written out."""
    return "\n".join(["a0 = ['x', 'y']", *(f"a{n} = [a{n - 1}, a{n - 1}]" for n in range(1, depth))])


HOSTILE = {
    "join * 6000": HARNESS.format(names=LONG, expression='"".join([s] * 6000)'),
    "25 nested lists": HARNESS.format(names=nested(25), expression="'%s' % [a24]"),
    "40 nested lists": HARNESS.format(names=nested(40), expression="'%s' % [a39]"),
    "punycode": HARNESS.format(
        names="s = " + repr("".join(map(chr, range(0x4E00, 0x9E00)))), expression='s.encode("punycode")'
    ),
}
VALIDATE = """
import json, resource, sys, time
from meta_reward.cli import main
from meta_reward.harness.validate.inspector import INSPECTOR
began = time.monotonic()
try:
    sys.argv[:] = ["meta-reward", "validate", sys.argv[1]]
    main()
except SystemExit as ended:
    code = ended.code
INSPECTOR.stop()
peak = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([code, time.monotonic() - began, *peak]))
"""


def main() -> None:
    """Print both tables."""
    print(f"{'meta-reward validate':20} {'s':>6} {'parent MB':>10} {'child MB':>9}  says\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, source in {"(a seed)": _seed("evidence"), **HOSTILE}.items():
            path = Path(folder) / "harness.py"
            path.write_text(source)
            program = [sys.executable, "-c", VALIDATE, str(path)]
            done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=folder)
            said, _, numbers = done.stdout.rstrip().rpartition("\n")
            code, seconds, parent, children = json.loads(numbers)
            verdict = said.splitlines()[0].partition("harness.py: ")[2]
            print(f"{name:20} {seconds:6.1f} {parent:10} {children:9}  {code}: {verdict[:60]}", flush=True)
    print(f"\n{'inspect_source, warm':20} {'KB':>6} {'least ms':>10} {'median':>9}\n")
    for seed in ("baseline", "evidence", "policy"):
        took = _ordinary(_seed(seed))
        print(f"{seed:20} {len(_seed(seed)) / 1024:6.1f} {min(took):10.1f} {statistics.median(took):9.1f}")


def _seed(name: str) -> str:
    return (PROJECT / "seed_harnesses" / f"{name}.py").read_text()


def _ordinary(source: str) -> list[float]:
    """Milliseconds that each inspection of a source took."""
    inspect_source(source)
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        inspect_source(source)
        took.append(1000 * (time.perf_counter() - began))
    return took


if __name__ == "__main__":
    main()
