"""Run a session of an optimizer; see `session`."""

import os
import sys

from meta_reward.propose.optimizers.session import main

if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # a normal exit would warn about open connections, since the event loop still runs
