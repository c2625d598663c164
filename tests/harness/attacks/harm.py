"""Attacks that hurt by what they use up, and attacks on the parent by what they say to it."""

from tests.harness.attacks.table import Harm


def _done(score: str, *, reason: str = '""', findings: str = "{}") -> str:
    """A forged last frame as the code of a bytes literal. score, reason, findings: JSON."""
    return repr(
        f'{{"type": "done", "output": {{"score": {score}, "reason": {reason}, "findings": {findings}}}}}'.encode()
    )


HARMS = (
    # using up
    Harm("say again that it is confined", "raw(frame({'type': 'confined'}))\ntime.sleep(60)", "protocol"),
    Harm("allocate 8 GB", "bytearray(8 << 30)", "denied"),
    Harm("allocate 8 GB piece by piece", "return len([mmap.mmap(-1, 1 << 26) for _ in range(128)])", "denied"),
    Harm("map 8 GB", "mmap.mmap(-1, 8 << 30)", "denied"),
    Harm("map 8 GB for all", "mmap.mmap(-1, 8 << 30, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)", "denied"),
    Harm("loop for ever", "while True: pass", "time-out"),
    Harm("loop for ever in C", "sum(iter(int, 1))", "time-out"),
    Harm("backtrack for ever", "import re\nre.match('(a*)*b', 'a' * 40)", "time-out"),
    Harm("compute for ever", "return 9 ** 9 ** 9", "time-out"),
    Harm("sleep", "time.sleep(60)", "time-out"),
    Harm(
        "ignore signals",
        "for n in range(1, 65):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True: pass",
        "time-out",
    ),
    Harm("block signals", "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass", "time-out"),
    Harm("wait for a lock", "lock = threading.Lock()\nlock.acquire()\nlock.acquire()", "time-out"),
    Harm("open descriptors", "for _ in range(10_000): os.dup(0)", "denied"),
    Harm(
        "find the processes of others in its memory",
        "gc.unfreeze()\nreturn any(o._jobs for o in gc.get_objects() if type(o).__name__ == 'Zygote')",
        "denied",
    ),
    Harm(
        "walk the frames to the zygote and speak for it",
        """
        at = sys._getframe()
        while type(at.f_locals.get("self")).__name__ != "Zygote":
            at = at.f_back
        at.f_locals["self"]._control.sendall(struct.pack("!Ii", 1, 0))
        return True
        """,
        "denied",
    ),
    Harm(
        "walk the frames to the zygote and listen in its place",
        """
        at = sys._getframe()
        while type(at.f_locals.get("self")).__name__ != "Zygote":
            at = at.f_back
        return at.f_locals["self"]._control.recv(5, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        """,
        "denied",
    ),
    Harm(
        "walk the frames to the zygote and serve in its place",
        """
        at = sys._getframe()
        while type(at.f_locals.get("self")).__name__ != "Zygote":
            at = at.f_back
        at.f_locals["self"].serve()
        return True
        """,
        "denied",
    ),
    Harm("fill the disk", "open(FOLDER + '/big', 'wb', 0).write(bytes(1 << 20))", "denied"),
    Harm("recurse", "return (lambda f: f(f))(lambda f: f(f))", "denied"),
    # ending badly
    Harm("exit", "os._exit(0)", "exit"),
    Harm("exit as if orphaned", "os._exit(71)", "exit"),
    Harm("exit as if it could not be locked down", "os._exit(72)", "exit"),
    Harm("crash", "ctypes.string_at(0)", "crash"),
    Harm("abort", "os.abort()", "crash"),
    Harm("jump into nothing", "ctypes.CFUNCTYPE(None)(16)()", "crash"),
    Harm("destroy its own interpreter", "ctypes.memset(id(None), 0xFF, 4096)", "crash"),
    Harm("close everything", "os.closerange(0, 256)\ntime.sleep(60)", "time-out"),
    Harm("say nothing more", "socket.socket(fileno=own_socket()).shutdown(1)\ntime.sleep(60)", "time-out"),
    # lying to the parent
    Harm(
        "forge its own answer",
        "raw(frame({'type': 'done', 'output': WON}))\nos._exit(0)",
        "won",
    ),
    Harm(
        "answer as if it had only compiled", "raw(frame({'type': 'compiled', 'code': ''}))\ntime.sleep(60)", "protocol"
    ),
    Harm(
        "answer twice",
        "raw(frame({'type': 'done', 'output': WON}) * 2)\nos._exit(0)",
        "won",
    ),
    Harm(
        "answer a thousand times",
        "raw(frame({'type': 'done', 'output': WON}) * 1000)\nos._exit(0)",
        "won",
    ),
    Harm(
        "answer above the range",
        f"raw(text({_done('1e9')}))",
        "ValueError",
    ),
    Harm(
        "answer below the range",
        f"raw(text({_done('-1')}))",
        "ValueError",
    ),
    Harm(
        "answer nan",
        f"raw(text({_done('NaN')}))",
        "protocol",
    ),
    Harm(
        "answer infinity",
        f"raw(text({_done('Infinity')}))",
        "protocol",
    ),
    Harm(
        "answer 1e999",
        f"raw(text({_done('1e999')}))",
        "protocol",
    ),
    Harm(
        "answer with a huge number", "raw(text(b'{\"type\": \"done\", \"output\": ' + b'9' * 5000 + b'}'))", "protocol"
    ),
    Harm(
        "answer with text",
        "raw(text(" + _done('"100"') + "))",
        "ValueError",
    ),
    Harm(
        "answer with true",
        f"raw(text({_done('true')}))",
        "ValueError",
    ),
    Harm("answer without a score", "raw(frame({'type': 'done'}))", "ValueError"),
    Harm(
        "answer with findings that are a list",
        f"raw(text({_done('1', findings='[]')}))",
        "ValueError",
    ),
    Harm(
        "answer with a reason that is a number",
        f"raw(text({_done('1', reason='5')}))",
        "ValueError",
    ),
    Harm(
        "answer with deep findings",
        'raw(text(b\'{"type": "done", "output": {"score": 1, "reason": "", "findings": {"a": \' + b\'[\' * 900 + '
        "b']' * 900 + b'}}}'))",
        "ValueError",
    ),
    Harm("answer with a bomb of brackets", "raw(text(b'[' * 5_000_000))", "protocol"),
    Harm(
        "answer with surrogates",
        'raw(text(b\'{"type": "done", "output": {"score": 1, "reason": "\\\\ud800", "findings": {}}}\'))',
        "protocol",
    ),
    Harm("send what is no json", "raw(text(b'\\xff\\xfe'))", "protocol"),
    Harm("send a list", "raw(text(b'[]'))", "protocol"),
    Harm("send nothing in a frame", "raw(text(b''))", "protocol"),
    Harm("send an unknown frame", "raw(frame({'type': 'start'}))", "protocol"),
    Harm("send a frame without a type", "raw(frame({}))", "protocol"),
    Harm("send a type that is a list", "raw(frame({'type': ['ask']}))", "protocol"),
    Harm("announce 4 GB", "raw(b'\\xff' * 8)", "output"),
    Harm("send 1 GB", "raw(b'\\x40\\0\\0\\0' + bytes(64)); [raw(bytes(1 << 20)) for _ in range(1024)]", "output"),
    Harm("print 1 GB", "data = bytes(1 << 20)\nfor _ in range(1024): os.write(1, data)\nreturn True", "won"),
    Harm("send half a frame and end", "raw(b'\\0\\0\\0\\x09abc')\nos._exit(0)", "exit"),
    Harm("send half a frame and stay", "raw(b'\\0\\0\\0\\x09abc')\ntime.sleep(60)", "time-out"),
    Harm("ask without a number", "raw(frame({'type': 'ask'}))\ntime.sleep(60)", "protocol"),
    Harm(
        "ask with a number that is a list",
        "raw(frame({'type': 'ask', 'ask': [1], 'prompt': 'a'}))\ntime.sleep(60)",
        "protocol",
    ),
    Harm(
        "ask with deep tools",
        'raw(text(b\'{"type": "ask", "ask": 1, "prompt": "a", "tools": \' + b\'[\' * 900 + b\']\' * 900 '
        "+ b'}'))\n"
        "time.sleep(60)",
        "ValueError",
    ),
    Harm(
        "return a result that nobody asked for",
        "raw(frame({'type': 'result', 'call': 1, 'content': ''}))\ntime.sleep(60)",
        "protocol",
    ),
    Harm(
        "return a result of an unhashable call",
        "raw(frame({'type': 'result', 'call': {}, 'content': ''}))\ntime.sleep(60)",
        "protocol",
    ),
    Harm(
        "return a result of call true",
        "raw(frame({'type': 'result', 'call': True, 'content': ''}))\ntime.sleep(60)",
        "protocol",
    ),
    Harm(
        "fail with words that are no text",
        "raw(frame({'type': 'error', 'kind': [1] * 500, 'message': {'a': 1}, 'traceback': None}))\ntime.sleep(60)",
        str([1] * 500)[:100],
    ),
    Harm(
        "fail as if the judge were down",
        "raw(frame({'type': 'error', 'kind': 'JudgeUnavailable', 'message': '', 'traceback': ''}))\ntime.sleep(60)",
        "JudgeUnavailable",
    ),
    Harm(
        "raise what cannot be told",
        "class Odd(BaseException):\n    def __str__(self): raise SystemExit\nraise Odd",
        "Odd",
    ),
    Harm(
        "raise what lies about its class",
        "class Odd(BaseException):\n    __class__ = property(lambda s: 1 / 0)\nraise Odd",
        "Odd",
    ),
    Harm(
        "answer with a reward that lies",
        "class F(float):\n"
        "    def __le__(self, o): return True\n"
        "    __ge__ = __le__\n"
        "    def __float__(self): return 1e9\n"
        "async def r(t, j): return F(1e9)\n"
        "return F(1e9) >= 1",
        "won",
    ),
    Harm(
        "patch json",
        f"json.dumps = lambda *a, **k: {_done('1e9')}.decode()\nreturn True",
        "ValueError",
    ),
    Harm(
        "patch the check of rewards",
        "import meta_reward.harness.child as child\n"
        'child.encode_frame = lambda v: text(b\'{"type": "done", "output": {"score": 1e9, "reason": "", '
        '"findings": {}}}\')\n'
        "return True",
        "ValueError",
    ),
    Harm(
        "pass descriptors until none is left",
        "for _ in range(100): socket.send_fds(socket.socket(fileno=os.dup(own_socket())), "
        "[frame({'type': 'pad'})[:1]], [0] * 200)\n"
        "os._exit(0)",
        "protocol",
    ),
)
