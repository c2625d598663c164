"""How an agent's program starts: with the variables it is to keep, in a session of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from meta_reward.propose.claude import launch

SAYS = "import json, os; print(json.dumps([dict(os.environ), os.getsid(0) == os.getpid()]))"


def test_program_keeps_what_is_named_and_has_a_session_of_its_own(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-I",
        launch.__file__,
        str(tmp_path / "pid"),
        "PATH,LC_*,A_KEY",
        sys.executable,
        "-c",
        SAYS,
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "LC_CTYPE": "C.UTF-8",
        "A_KEY": "a",
        "B_KEY": "b",
        "LCX": "no",
        "A": "no",
    }
    started = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE)
    out, _ = started.communicate(timeout=20)
    kept, alone = json.loads(out)
    assert {name: value for name, value in kept.items() if not name.startswith("__")} == {
        "PATH": os.environ["PATH"],
        "LC_CTYPE": "C.UTF-8",
        "A_KEY": "a",
    }
    assert alone
    assert int((tmp_path / "pid").read_text()) == started.pid
