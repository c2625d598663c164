"""What is said: a user's yes and requests, an agent's claims and refusals. English, of any domain."""

import re
from collections.abc import Iterator, Sequence

from meta_reward.harness.audit.values import alike, split_name, tokens

_YES = re.compile(
    r"(?i)\b(yes|yeah|yep|yup|sure|ok|okay|alright|confirm(ed)?|i agree|agreed|absolutely|proceed|go ahead|please do|"
    r"do (it|that|so)|go with|(sounds|looks) (good|right|great|fine|perfect)|that works|that('s| is) (fine|"
    r"right|correct|good)|"
    r"correct)\b"
)
_NOT_YET = re.compile(
    r"(?i)\b(not sure|not yet|wait|hold on|maybe|perhaps|before (you|we|i)|rather not|"
    r"(don't|do not) (proceed|do|want|cancel|change|book)|if (so|it|that))\b"
)
_REQUEST = re.compile(
    r"(?i)\b(please|can you|could you|would you|will you|can i|could i|may i|i('d| would) (like|love)|i('ll|"
    r" will) take|"
    r"i (also |really |just )?(want|need|wish)|we (want|need)|help me|let's|i'm (looking|hoping|trying) to)\b"
)
_INQUIRY = re.compile(
    r"(?i)\b(how (much|many|long|do|does|can|would)|what|which|when|whether|why|tell me|explain|(do|does|is|"
    r"are) (i|you|it|"
    r"that|there)|would (it|that)|know|curious|wondering|check|look|see|information|details|first|think about)\b"
)
_WITHDRAWN = re.compile(
    r"(?i)\b(never ?mind|leave it|forget (it|about)|no longer|(don't|do not) (want|need|cancel|change)|"
    r"keep (it|my|the)|"
    r"instead|changed my mind|not (anymore|any more)|skip (it|that)|without)\b"
)
_TAKEN_BACK = re.compile(
    r"(?i)\b(other one|not|n't|no wait|instead of|rather than|wrong|leave|alone|keep|except|besides|mixed)\b"
)
_MISTAKEN = re.compile(r"(?i)\b(wrong|mistake|mixed|other one)\b")
_MORE = re.compile(r"(?i)\b(more|additional|another|extra|add|adding)\b")
_CLAUSE = re.compile(r"[,;:]\s+|\s(?:and|but|then)\s")
_IRREGULAR = frozenset("made sent paid put given set sold bought done taken".split())
_REFUSAL = re.compile(
    r"(?i)\b(can't|cannot|can not|unable|not able|not allowed|not permitted|not (\w+ )?eligible|ineligible|"
    r"not possible|"
    r"impossible|won't be able|may not|unfortunately|against (our |the )?polic|polic\w+ (does|do)(n't| not)|"
    r"decline|refuse|"
    r"not something (i|we)|non-?refundable|isn't (possible|allowed|available)|not (available|offered|covered|"
    r"entitled)|"
    r"(sorry|afraid),? (but )?(that|i|we|this|the)|no (provision|exception|availab|seats?|longer)|not enough|"
    r"have to (pass|say no)|"
    r"(must|have to|need to) (decline|refuse)|stays? (at|as)|only (if|when|for)|too (late|old)|does(n't|"
    r" not) (cover|apply|allow)|"
    r"apolog|nothing (i|we) can)"
)
_HANDED = re.compile(r"(?i)\b(hand|pass|transferr|escalat|connect|forward|referr)ed\b")
_DONE = re.compile(
    r"(?i)(\b(i have|i've|we have|we've|ha(s|ve) been|ha(s|ve) now been|is now|are now|now has)( now| also|"
    r" just| already| "
    r"successfully| all)* (\w+ed|made|sent|paid|put|given|set|on|in|\d+)\b|\bsuccessfully\b|^\W*(done|all set)\b"
    r"|^\W*[\w ]{3,30} (completed?|processed|confirmed)!)"
)
_OWN = re.compile(r"(?i)\b(i have|i've|we have|we've|now|successfully|just|all set)\b|^\W*(done|good news)\b")
_LOOKED = re.compile(
    r"(?i)\b(i have|i've|we have|we've)( now| also| just| already| successfully)* (check|look|review|retriev|"
    r"fetch|found|locat|"
    r"verif|confirm|gather|not|notic|identif|calculat|search|access|pull|understood|considered|asked|tried|attempted)"
)
_OPEN = re.compile(
    r"(?i)\b(if|unless|once|when|would|will|could|can|not|no|never|cannot|until|should|must|may|might|shall|"
    r"please|before|"
    r"already (been )?(flown|used|passed|departed))\b|n't|\?|\bor\W*$|^\W*(to|since|because)\b"
)
_REQUIRES = re.compile(
    r"(?i)(\b(confirm\w*|consent|clear yes|explicit\w*|permission|approv\w+|agreement)\b.*\b(before|prior|"
    r"wait|obtain|first)"
    r"|\b(before|prior|wait|obtain|first)\b.*\b(confirm\w*|consent|yes|permission|approv\w+|agree\w*)\b)"
)
_FREE = re.compile(
    r"(?i)\b(free|no (extra |additional )?(charge|fee|cost)|without (charge|fee|cost)|waived?|nothing)\b"
)
_COMMON = frozenset(
    "about after again agent all also and any are ask back been before but call can check could did does done "
    "each for "
    "from further get give had has have help help her hello him his hope how information into its just know "
    "let like make may me more must "
    "need new not now off one only other our out over own please provide regarding request see shall she should some "
    "successfully system take thank that the their them then there these they this those through under update "
    "user using "
    "very want was way well were what when where which while who will with would yes you your".split()
)


_LONGEST = 1000


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text."""
    return [part.strip()[:_LONGEST] for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]


def is_yes(text: str) -> bool:
    """Whether a user's message says yes to what was said before it."""
    said = [part for part in sentences(text) if not part.endswith("?")]
    return any(_YES.search(part) and not _NOT_YET.search(part) for part in said)


def requests_in(text: str) -> Iterator[str]:
    """The sentences in which a user asks for something to be done, not only to be told."""
    for part in sentences(text):
        if _REQUEST.search(part) and not _INQUIRY.search(part) and not _WITHDRAWN.search(part) and telling(part):
            yield part


def withdraws(text: str) -> bool:
    """Whether a user takes back or replaces what they asked for."""
    return _WITHDRAWN.search(text) is not None


def clauses_of(text: str) -> Iterator[tuple[str, bool]]:
    """The clauses of a text, each with whether it may name a record only to exclude it."""
    for part in sentences(text):
        for clause in _CLAUSE.split(part):
            yield clause, _TAKEN_BACK.search(clause) is not None


def is_mistaken(clause: str) -> bool:
    """Whether a user says that what they named before was not what they meant."""
    return _MISTAKEN.search(clause) is not None


def says_more(text: str) -> bool:
    """Whether a text speaks of adding to what is there, so that its counts are not totals."""
    return _MORE.search(text) is not None


def refuses(text: str) -> bool:
    """Whether an agent's message declines something or says that it did not work."""
    return _REFUSAL.search(text) is not None


def claims_in(text: str) -> list[str]:
    """The sentences in which an agent says that it has done something; several deeds in one, each by itself."""
    return [
        part
        for whole in sentences(text)
        for part in _deeds_in(whole)
        if _DONE.search(part) and not _LOOKED.search(part) and not _OPEN.search(part) and not _REFUSAL.search(part)
    ]


def _deeds_in(sentence: str) -> list[str]:
    parts = re.split(r"[,;] and |; ", sentence)
    return parts if all(_DONE.search(part) for part in parts) else [sentence]


def asks_for_consent(policy: str) -> bool:
    """Whether a policy wants the user's yes before changes."""
    return any(_REQUIRES.search(part) for part in sentences(policy))


def says_free(text: str) -> bool:
    """Whether a text says that something costs nothing."""
    return _FREE.search(text) is not None


def telling(text: str) -> set[str]:
    """The words of a text that carry meaning."""
    return {word for word in tokens(text) if len(word) > 2 and word.isalpha() and word not in _COMMON}


def verbs_of(claim: str) -> set[str]:
    """The verbs of a claim: what it says was done."""
    words = {word for word in tokens(claim) if word.isalpha()} - _COMMON
    return {word for word in words if word in _IRREGULAR or (word.endswith("ed") and len(word) > 4)}


def is_own_deed(claim: str) -> bool:
    """Whether a claim can only mean what the agent itself has just done."""
    return _OWN.search(claim) is not None


def hands_over(claim: str) -> bool:
    """Whether a claim says that the user was handed over to someone."""
    return _HANDED.search(claim) is not None


def tools_by_verb(claim: str, tools: Sequence[tuple[str, str]]) -> set[str]:
    """The tools whose names have the verb of a claim."""
    verbs = verbs_of(claim)
    return {name for name, _ in tools if any(alike(verb, own) for verb in verbs for own in split_name(name))}


def tools_meant(text: str, tools: Sequence[tuple[str, str]], *, by_name: bool = False) -> set[str]:
    """The tools that a text speaks of: those whose names share the most words with it, else whose descriptions do.

    tools: names and descriptions. Words that most tools share do not count, and neither do verbs used as nouns, such as
    `booking`.
    """
    words = {word for word in telling(text) if not word.endswith("ing")}
    named = {name: {word for word in split_name(name) if word not in _COMMON} for name, _ in tools}
    described = {} if by_name else {name: telling(description) for name, description in tools}
    return _closest(words, named) or _closest(words, described)


def _closest(words: set[str], of: dict[str, set[str]]) -> set[str]:
    shared = {
        name: sum(any(alike(word, own) for word in words) and _is_rare(own, of) for own in every)
        for name, every in of.items()
    }
    most = max(shared.values(), default=0)
    return {name for name, count in shared.items() if count == most > 0}


def _is_rare(word: str, of: dict[str, set[str]]) -> bool:
    return len(of) < 3 or 2 * sum(any(alike(word, own) for own in every) for every in of.values()) <= len(of) + 1
