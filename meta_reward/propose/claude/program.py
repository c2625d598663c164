"""The agent's program behind the Claude Agent SDK: where it is, how it starts cleanly, what confines its shell."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward.errors import UsageError
from meta_reward.propose.base import PACKAGE, Assignment
from meta_reward.propose.program import SYSTEM
from meta_reward.propose.secrets import CLAUDE_KEYS

_KEPT = (
    *("PATH", "PWD", "LANG", "LC_*", "TZ", "HOME", "TMPDIR", "GIT_CEILING_DIRECTORIES", "ANTHROPIC_BASE_URL"),
    *("CLAUDE_AGENT_SDK_*", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_MAX_RETRIES"),
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
)
_LOOKED_UP = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")
_LAUNCHER = Path(__file__).with_name("launch.py")


def environment(home: Path, scratch: Path) -> dict[str, str]:
    """Variables that the program gets in addition to those it keeps. scratch: a folder for sockets, so a short path."""
    home.mkdir(exist_ok=True)
    return {
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
    }


def launcher(home: Path, named: Sequence[str]) -> Path:
    """A script that starts the agent's program with a clean environment."""
    home.mkdir(exist_ok=True)
    kept = ",".join((*_KEPT, *CLAUDE_KEYS, *named))
    words = (sys.executable, "-I", "-S", str(_LAUNCHER), str(home / "pid"), kept, str(find_agent()))
    (home / "pid").unlink(missing_ok=True)
    script = home / "agent"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o755)
    return script


def find_agent() -> Path:
    """The agent's program. Raises UsageError if there is none."""
    try:
        import claude_agent_sdk
    except ImportError:
        raise UsageError("the package claude-agent-sdk is not installed", hint="run `make install`") from None
    bundled = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
    found = bundled if bundled.is_file() else shutil.which("claude")
    if not found:
        raise UsageError("claude-agent-sdk brought no program on this machine", hint="install Claude Code")
    return Path(found)


def shell_sandbox(assignment: Assignment, *, secrets: Sequence[str]) -> Any:
    """The operating system's sandbox around the shell: no network, no secret variables, no other files."""
    return {
        "enabled": True,
        "failIfUnavailable": True,
        "autoAllowBashIfSandboxed": True,
        "allowUnsandboxedCommands": False,
        "filesystem": {
            "denyRead": ["/", *map(str, (*assignment.hidden, PACKAGE))],
            "allowRead": [*map(str, SYSTEM), *_LOOKED_UP, str(assignment.view), str(assignment.staging)],
            "denyWrite": [str(assignment.view)],
        },
        "network": {"allowedDomains": []},
        "credentials": {"envVars": [{"name": name, "mode": "deny"} for name in secrets]},
    }
