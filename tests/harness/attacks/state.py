"""Attempts to tell another trajectory something: what one leaves and how the other looks for it.

Each search finds nothing before anything was left; it finds what was left while the first trajectory
still runs or after it has gone, unless it is kept from it. A counter is pushed on by the first and read
by the second.
"""

from tests.harness.attacks.table import Counter, Relay

RELAYS = (
    Relay("a file", "open(FOLDER + '/left', 'w').close()", "return os.path.exists(FOLDER + '/left')"),
    Relay("a file in tmp", "os.mkdir(f'/tmp/left-{PARENT}')", "os.rmdir(f'/tmp/left-{PARENT}')\nreturn True"),
    Relay(
        "shared memory",
        "call(29, 0x4D52, 4096, 0o1666)",
        "i = call(29, 0x4D52, 4096, 0)\nreturn call(31, i, 0, None) == 0",
    ),
    Relay(
        "a semaphore", "call(64, 0x4D52, 1, 0o1666)", "i = call(64, 0x4D52, 1, 0)\nreturn call(66, i, 0, 0, None) == 0"
    ),
    Relay("a message queue", "call(68, 0x4D52, 0o1666)", "i = call(68, 0x4D52, 0)\nreturn call(71, i, 0, None) == 0"),
    Relay(
        "a posix message queue",
        "call(240, b'meta-reward', os.O_CREAT | os.O_RDWR, 0o600, None)",
        "return call(241, b'meta-reward') == 0",
    ),
    Relay(
        "the user's keyring",
        "call(248, b'user', b'meta-reward', b'x', 1, -4)",
        "k = call(250, 10, -4, b'user', b'meta-reward', 0)\nreturn call(250, 9, k, -4, 0, 0) == 0",
    ),
    Relay(
        "the session keyring",
        "call(248, b'user', b'meta-reward', b'x', 1, -5)",
        "k = call(250, 10, -5, b'user', b'meta-reward', 0)\nreturn call(250, 9, k, -5, 0, 0) == 0",
    ),
    Relay(
        "an abstract socket",
        "global s\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0left' + FOLDER)\ns.listen()",
        "socket.socket(socket.AF_UNIX).connect('\\0left' + FOLDER)\nreturn True",
    ),
    Relay(
        "a port",
        "global s\ns = socket.socket()\ns.bind(('127.0.0.2', TCP_PORT))\ns.listen()",
        "socket.create_connection(('127.0.0.2', TCP_PORT), 0.2)\nreturn True",
    ),
    Relay(
        "a lock of a file that all can read",
        "global f\nf = open(os.__file__)\nfcntl.flock(f, fcntl.LOCK_EX)",
        "try: fcntl.flock(open(os.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError: return True",
    ),
    Relay(
        "a lock of a range",
        "global f\nf = open(FOLDER + '/lock', 'w')\nfcntl.lockf(f, fcntl.LOCK_EX)",
        "try: fcntl.lockf(open(FOLDER + '/lock', 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: return True",
    ),
    Relay(
        "a daemon",
        "if not os.fork():\n"
        "    s = socket.socket(socket.AF_UNIX)\n"
        "    s.bind('\\0daemon' + FOLDER)\n"
        "    s.listen()\n"
        "    time.sleep(0.5)\n"
        "    os._exit(0)\n"
        "time.sleep(0.1)",
        "socket.socket(socket.AF_UNIX).connect('\\0daemon' + FOLDER)\nreturn True",
    ),
    Relay(
        "the zygote's priority",
        "os.setpriority(os.PRIO_PROCESS, ZYGOTE, NICENESS + 1)",
        "return os.getpriority(os.PRIO_PROCESS, ZYGOTE) == NICENESS + 1",
    ),
    Relay(
        "the zygote's limits",
        "resource.prlimit(ZYGOTE, resource.RLIMIT_MSGQUEUE, (4242, 4242))",
        "return resource.prlimit(ZYGOTE, resource.RLIMIT_MSGQUEUE)[0] == 4242",
    ),
    Relay(
        "being there to be signalled",
        "pass",
        """
        async def signalled():
            return os.kill(int((await judge.ask("who holds?")).text), 0) is None
        return signalled()
        """,
    ),
)

COUNTERS = (
    Counter(
        "numbers of processes",
        "for _ in range(150):\n    t = threading.Thread(target=int)\n    t.start()\n    t.join()",
        "os.getpid()",
        150,
    ),
    Counter(
        "numbers of sockets",
        "for _ in everywhere():\n    for _ in range(3000): socket.socketpair()",
        "os.fstat(own_socket()).st_ino",
        2000,
    ),
    Counter(
        "numbers of pipes",
        "for _ in everywhere():\n    for _ in range(5000): [os.close(end) for end in os.pipe()]",
        "os.fstat(own_socket()).st_ino",
        2000,
    ),
    Counter(
        "cookies of sockets",
        "for _ in everywhere():\n    for _ in range(3000): [end.getsockopt(1, 57, 8) for end in socket.socketpair()]",
        "int.from_bytes(socket.socket(fileno=os.dup(own_socket())).getsockopt(1, 57, 8), 'little')",
        2000,
    ),
)
