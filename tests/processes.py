"""What /proc says of processes."""

from contextlib import suppress
from pathlib import Path


def below(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have, the deepest first."""
    children: list[int] = []
    with suppress(OSError):  # it ends while it is looked at
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):  # a thread that has just ended
                children += map(int, path.read_text().split())
    return [one for child in children for one in (*below(child), child)]


def is_running(pid: int) -> bool:
    """Whether a process still runs; one that nobody has asked about its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
