"""Attacks by way of the host: what a program may search or do, and what the parent makes of forged requests."""

from tests.harness.attacks.table import Harm

_STAY = "\ntime.sleep(60)"


def _use(arguments: str = "{'query': 'x'}", *, number: str = "1", name: str = "'search'") -> str:
    """A forged request as code. arguments, number, name: code."""
    return f"raw(frame({{'type': 'use', 'ask': {number}, 'name': {name}, 'arguments': {arguments}}}))"


def _use_text(rest: str) -> str:
    """A request in JSON that no encoder of ours writes, as code. rest: what follows its type, as a bytes literal."""
    return f'raw(text(b\'{{"type": "use", \' + {rest}))' + _STAY


NO_HOST = (
    Harm("ask a host that is not there", _use() + _STAY, "protocol"),
    Harm("ask through the judge's own way to a host", "return JUDGE.use('search', {'query': 'x'})", "protocol"),
)
"""In functions that have no host."""

FORGED_REQUESTS = (
    Harm("request without a number", _use(number="None") + _STAY, "protocol"),
    Harm("request with a list as number", _use(number="[1]") + _STAY, "protocol"),
    Harm("request with a number as name", _use(name="7") + _STAY, "protocol"),
    Harm("request with a list as arguments", _use("['x']") + _STAY, "protocol"),
    Harm("request with nothing", "raw(frame({'type': 'use'}))" + _STAY, "protocol"),
    Harm(
        "request with nan",
        _use_text("""b'"ask": 1, "name": "search", "arguments": {"query": "x", "k": NaN}}'"""),
        "protocol",
    ),
    Harm(
        "request with surrogates",
        _use_text("""b'"ask": 1, "name": "search", "arguments": {"query": "\\\\ud800"}}'"""),
        "protocol",
    ),
    Harm(
        "request with deep arguments",
        _use_text("""b'"ask": 1, "name": "search", "arguments": {"where": ' + b'[' * 900 + b']' * 900 + b'}}'"""),
        "ValueError",
    ),
    Harm(
        "request with a bomb of brackets",
        _use_text("""b'"ask": 1, "name": "search", "arguments": ' + b'[' * 5_000_000"""),
        "protocol",
    ),
    Harm("request 10 MB", _use("{'query': 'x' * 10_000_000}") + _STAY, "output"),
    Harm("request 2 MB", _use("{'query': 'x' * 2_000_000}") + _STAY, "host-bytes"),
    Harm("request 2 MB as a name", _use(name="'x' * 2_000_000") + _STAY, "host-bytes"),
    Harm(
        "request 2 MB of values", _use("{'query': 'x', 'where': {'hard': ['y' * 40_000] * 50}}") + _STAY, "host-bytes"
    ),
    Harm(
        "request 2 MB piece by piece", "for _ in range(201): " + _use("{'query': 'x' * 10_000}") + _STAY, "host-bytes"
    ),
    Harm("request too often under one number", f"for _ in range(201): {_use()}" + _STAY, "host-calls"),
    Harm(
        "request a million times",
        "raw(frame({'type': 'use', 'ask': 1, 'name': '', 'arguments': {}}) * 10**6)",
        "host-calls",
    ),
    Harm(
        "request after the answer",
        "raw(frame({'type': 'done', 'output': WON}))\n" + f"for _ in range(300): {_use()}",
        "won",
    ),
    Harm("request what is not offered", "return JUDGE.use('delete', {})", "denied"),
    Harm("request an integer that no machine holds", _use("{'query': 'x', 'k': 10**400}") + _STAY, "protocol"),
    Harm("answer in the place of the host", "raw(frame({'type': 'used', 'ask': 1, 'value': []}))" + _STAY, "protocol"),
    Harm("write the host's record", "raw(frame({'type': 'record', 'asked': []}))" + _STAY, "protocol"),
    Harm(
        "answer with a record of its own",
        "raw(frame({'type': 'done', 'output': WON, 'asked': [{'query': 'forged'}]}))\ntime.sleep(60)",
        "won",
    ),
)
"""In functions that have any."""

CORPUS_HARMS = (
    Harm(
        "search a thousand times at once",
        """
        async def search():
            return await asyncio.gather(*(CORPUS.search(str(n)) for n in range(1000)))
        return search()
        """,
        "host-calls",
    ),
    Harm(
        "search without waiting",
        "for n in range(150): asyncio.ensure_future(CORPUS.search(str(n)))\nreturn True",
        "won",
    ),
    Harm("request a path", "return CORPUS.search(LABELS, where={'path': LABELS})", "denied"),
    Harm("request a huge number of texts", "return CORPUS.search('x', k=10**4)", "denied"),
    Harm("request fewer than no texts", "return CORPUS.search('x', k=-1)", "denied"),
)
"""In functions that search a corpus."""

WORLD_HARMS = (
    Harm("say a number", "return WORLD.say(7)", "denied"),
    Harm("say a list of texts", "return WORLD.say(['Hello.'])", "denied"),
    Harm("say a whole book", "return WORLD.say('x' * 20_001)", "denied"),
    Harm("say a terminal's commands", "return WORLD.say('\\x1b]0;title\\x07\\x00\\u202e')", "won"),
    Harm(
        "say half a character",
        'raw(text(b\'{"type": "use", "ask": 1, "name": "say", "arguments": {"text": "\\\\ud800"}}\'))' + _STAY,
        "protocol",
    ),
    Harm(
        "say a thousand things at once",
        """
        async def talk():
            return await asyncio.gather(*(WORLD.say(str(n)) for n in range(1000)))
        return talk()
        """,
        "host-calls",
    ),
    Harm("say something without waiting", "asyncio.ensure_future(WORLD.say('Hello.'))\nreturn True", "won"),
    Harm(
        "keep a customer who has left",
        """
        async def keep():
            return [await WORLD.say("Stay.") for _ in range(20)][-1] is not None
        return keep()
        """,
        "denied",
    ),
    Harm("call nothing", "return JUDGE.use('call', {'arguments': {}})", "denied"),
    Harm("call with a list", "return JUDGE.use('call', {'name': 'get_order', 'arguments': ['1234']})", "denied"),
    Harm("call with 20 KB", "return WORLD.call('get_order', order_id='x' * 20_000)", "denied"),
    Harm("call with an integer that few know", "return WORLD.call('get_order', order_id=2**60)", "denied"),
    Harm("call a tool with a name of 201 characters", "return WORLD.call('x' * 201)", "denied"),
    Harm(
        "call a tool that the world has and the agent has not",
        """
        async def call():
            return "error" not in json.loads(await WORLD.call("delete_orders"))
        return call()
        """,
        "denied",
    ),
    Harm("have itself graded", "return JUDGE.use('grade', {})", "denied"),
    Harm("open its world anew", "return JUDGE.use('open', {'task': 't1', 'arguments': {}, 'repeat': 0})", "denied"),
    Harm("let go of its world", "return JUDGE.use('close', {'ended': True})", "denied"),
)
"""In functions that act in a world."""
