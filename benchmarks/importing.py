"""How long an import of many trajectories takes, as a person runs it.

    python benchmarks/importing.py [TRAJECTORIES] [KB]

Writes a JSON-lines file of OpenAI messages with labels, TRAJECTORIES (10,000) of KB (20) each, five of a task,
imports it in an empty folder, and reads the same file as scoring does, without labels and as a stream. Prints
seconds, and the most memory each took. The import of 10,000 is to stay under 30 s.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_PER_TASK = 5
_POLICY = "Help customers with their bills. Refund only what was charged twice. " * 40
_STREAM = """
import sys
from pathlib import Path
from meta_reward.tasks.importers.detect import read_file
from meta_reward.tasks.importers.record import Options
print(sum(1 for _ in read_file(Path(sys.argv[1]), Options())))
"""


def main(trajectories: int, kilobytes: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_runs(folder / "runs.jsonl", trajectories, int(1000 * kilobytes))
        print(f"{trajectories} trajectories, {size / 1e6:.0f} MB")
        command = [sys.executable, "-c", "from meta_reward.cli import main; main()"]
        seconds, megabytes = timed([*command, "import", "runs.jsonl", "--name", "billing"], folder)
        print(f"import: {seconds:.1f} s, {megabytes:.0f} MB at most")
        seconds, megabytes = timed([sys.executable, "-c", _STREAM, "runs.jsonl"], folder)
        print(f"read as a stream: {seconds:.1f} s, {megabytes:.0f} MB at most")


def write_runs(path: Path, count: int, characters: int) -> int:
    """Write runs of about so many characters; returns the size of the file."""
    rng = random.Random(0)
    with path.open("w") as file:
        for number in range(count):
            run = {"task": number // _PER_TASK, "label": rng.randint(0, 1), "messages": messages(rng, characters)}
            file.write(json.dumps(run) + "\n")
    return path.stat().st_size


def messages(rng: random.Random, characters: int) -> list[dict[str, object]]:
    """A conversation with a tool call and its result in each turn."""
    said: list[dict[str, object]] = [{"role": "system", "content": _POLICY}]
    for turn in range(8):
        words = " ".join(str(rng.random()) for _ in range(max(1, (characters - len(_POLICY)) // 8 // 3 // 20)))
        call = {
            "id": f"c{turn}",
            "type": "function",
            "function": {"name": "look", "arguments": json.dumps({"q": words})},
        }
        said.append({"role": "user", "content": words})
        said.append({"role": "assistant", "content": None, "tool_calls": [call]})
        said.append({"role": "tool", "tool_call_id": f"c{turn}", "content": words})
    return said


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds, and the most megabytes of memory, that a command takes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = _wait(process)
    if status:
        raise SystemExit(f"{' '.join(command[-4:])} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1000


def _wait(process: "subprocess.Popen[bytes]") -> tuple[int, int, resource.struct_rusage]:
    return os.wait4(process.pid, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, float(sys.argv[2]) if len(sys.argv) > 2 else 20)
