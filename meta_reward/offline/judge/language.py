"""What words mean to the simulated judge: a lexicon of stems, and the few notions built on it.

A word carries the concepts whose stems it begins with; nothing here knows a domain, a tool or a
prompt. The lists are broad on purpose, so that saying the same thing in other words changes little.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# A stem with a star matches as a prefix, without one as the whole word.
LEXICON = {
    # what a customer or an agent does in a conversation
    "polite": (
        "please thank* sorry apolog* glad happy appreciate* welcome delighted wonderful great pleasure kind* "
        "understand hope assist* absolutely certainly fantastic"
    ),
    "pleased": "thank thanks appreciate* great perfect awesome wonderful helpful",
    "displeased": (
        "unacceptable ridiculous frustrat* disappoint* terrible useless unhappy upset complain* angry wrong"
    ),
    "intend": "will i'll going shall let'll moment shortly soon",
    "error": "error* exception* fail* invalid traceback denied rejected unauthorized forbidden timeout",
    # what is done to the world
    "act:cancel": "cancel* void* terminat* revok* annul*",
    "act:change": (
        "chang* modif* updat* edit* alter* reschedul* rebook* switch* amend* adjust* swap* replac* rerout* exchang* "
        "moved move corrected correction* instead"
    ),
    "act:create": (
        "book booked creat* purchas* buy bought reserve reserved regist* ordered submit* placed schedule scheduled"
    ),
    "act:refund": "refund* reimburs* payback repay* charge charged charges",
    "act:give": "voucher* certificate* compensat* coupon* discount*",
    "act:upgrade": "upgrad* downgrad*",
    "act:add": "add added adding adds attach* include included",
    "act:remove": "remov* delet* drop* strip*",
    "act:send": "send sends sent email* notif* dispatch* deliver*",
    "act:handoff": "transfer* escalat* handoff hand-off handover handed forward*",
    # the mechanisms by which an agent goes right or wrong
    "authority": (
        "polic* rule* allow* permit* permission* forbid* forbad* prohibit* authori* unauthori* entitl* eligib* "
        "ineligib* restrain* refus* declin* deny* denied denial* violat* breach* comply complian* complied "
        "disallow* overstep* entitle* clause* regulation* guideline* out-of-scope legitimate* warrant* ban banned"
    ),
    "consent": (
        "confirm* unconfirm* consent* agree* agreed agreement* approv* unapproved go-ahead sign-off okayed "
        "permission* procedur* explicit* yes ok okay assent* greenlight*"
    ),
    "claims": (
        "claim* assert* pretend* fabricat* hallucinat* invent* unsupported unbacked backed unverified promis* "
        "truth* untrue false* honest* dishonest* misreport* misstat* mislead* lie lied lies fictional supported "
        "substantiat* unsubstantiat* say-so grounded ungrounded rests proof prove* proven reality announc*"
    ),
    "record": (
        "record* parameter* amount* identifier* id ids mismatch* match* target* entit* price* calculat* arithmetic "
        "quantit* field* input* detail* correct* accurat* inaccurat* data values origin* exact*"
    ),
    "outcome": (
        "complet* incomplet* resolv* unresolved solv* goal* outcome* finish* unfinished fulfil* achiev* helpful* "
        "abandon* premature* omit* omission* accomplish* progress"
    ),
    "faults": "error* fail* retry retries exception* crash*",
    "surface": (
        "length verbos* long* short* concis* brief* tone polite* politeness courte* friendl* style fluen* wording "
        "manner* eloquen* flatter* charm* warm* apolog* formatting thank*"
    ),
    "activity": "action* activit* write* wrote writing call* tool* change* busy busyness mutation* effort*",
    # how rules speak
    "forbid": (
        "cannot can't cant never not no prohibit* forbid* forbidden disallow* ineligible non-refundable "
        "nonrefundable refuse* deny decline* neither without nor don't mustn't excluded exclud*"
    ),
    "permit": "can may allow* permit* eligib* entitl* always free qualif* get gets receive* available",
    "only": "only unless except* solely exclusively",
    "if": "if when where provided whose for unless until within who while with",
    "must": "must should need* requir* shall has have always obtain* ensure*",
    # why a customer wants something; stems of five letters, as conditions hold them
    "reason:illness": "ill illne* sick* disea* healt* medic* hospi* surge* pneum* flu fever injur* docto* broke*",
    "reason:death": "death* die died dies dead funer* berea*",
    "reason:weather": "weath* forec* storm* snow* hurri* fog",
    "reason:work": "work worki* job boss emplo* meeti* offic*",
    "reason:plans": "plan plans mind minds",
    # how a task for a judge speaks
    "evaluate": (
        "score* scoring rate rating rates grade* grading judge* judging evaluat* assess* penal* deduct* reward* "
        "credit criteri* rubric* verdict* mark points weigh* severe* punish* decide whether did does is was "
        "consider ignore treat give count check look* examine determine compare"
    ),
    "reason": (
        "reason* explain* think* step-by-step justif* why analy* rationale walk work* deliberat* reflect* list "
        "cite citing quote* first before steps argu* discuss pros cons weakness* strength* thought* critique*"
    ),
    "strict": (
        "strict* harsh* skeptic* sceptic* critical* tough* unforgiving conservative* demanding lenien* generous* "
        "full rigorous* careful*"
    ),
    "negate": (
        "no not never none without n't don't doesn't didn't cannot can't isn't wasn't aren't nor neither nothing "
        "lacks lack lacked lacking zero missing"
    ),
    "ignore": "ignore* disregard* irrelevant regardless immaterial overlook* neutral",
    "bad": (
        "violat* breach* wrong* mismatch* unsupported unbacked unconfirmed unverified unauthori* false* fail* "
        "error* missing contradict* fabricat* invent* improper* forbidden prohibited incorrect* broken "
        "inconsisten* suspicious* problem* issue* warning* ungrounded unresolved unfinished premature* incomplet* "
        "unapproved skip* ignored disallowed hallucinat* ineligible lie lied bad concern* invalid abandon* "
        "unknown unseen unread stray conflict* omit* unsubstantiat* unasked unrequested different differ* risk* "
        "severe* harm* mislead* untrue pretend* overstep* doubtful unexplained repeated"
    ),
    "good": (
        "pass passed passes ok confirmed backed supported verified matches match matched correct* consistent* "
        "allowed permitted compliant complied approved grounded agreed resolved completed complete good valid "
        "proper* honored respected backs authorized authorised consented after clean safe accurate* justified "
        "satisfied agree* supports follows followed true"
    ),
    "yes": "yes true pass passed ok y",
    "no": "no false none fail failed n never null nil nothing",
}

MECHANISMS = ("authority", "consent", "claims", "record", "outcome", "faults")

# Words that tell nothing of what a sentence is about.
STOP = frozenset(
    (
        "a an the and or of to in on at by for from with as is are be been was were it its this that these those "
        "they them their he she his her you your i we our us my me must should shall can may will would could do "
        "does did has have had not no any all each every such if when unless only except than then so also more "
        "most very per who which what where there here into out up about after before one itself own agent agents "
        "user users customer customers how good right know let under find "
    ).split()
)

_WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*|\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ed|es|s|e)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_EXACT: dict[str, frozenset[str]] = {}
_PREFIX: dict[str, frozenset[str]] = {}
for _concept, _stems in LEXICON.items():
    for _stem in _stems.split():
        _table, _key = (_PREFIX, _stem[:-1]) if _stem.endswith("*") else (_EXACT, _stem)
        _table[_key] = _table.get(_key, frozenset()) | {_concept}
_SIZES = sorted({len(prefix) for prefix in _PREFIX})


@lru_cache(maxsize=1 << 11)
def words(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, in lower case and in order."""
    return tuple(_WORD.findall(text.lower().replace("’", "'")))


@lru_cache(maxsize=1 << 14)
def name_words(name: str) -> tuple[str, ...]:
    """The words inside an identifier: `update_order`, `updateOrder` and `order.update` alike."""
    return words(_CAMEL.sub(" ", name).replace("_", " ").replace(".", " ").replace("-", " "))


@lru_cache(maxsize=1 << 16)
def concepts(word: str) -> frozenset[str]:
    """The concepts a word carries."""
    found = _EXACT.get(word, frozenset())
    for size in _SIZES:
        if size > len(word):
            break
        found = found | _PREFIX.get(word[:size], frozenset())
    return found


def meaning(some: Iterable[str]) -> set[str]:
    """The concepts that any of these words carries."""
    return set(_meaning(tuple(some)))


@lru_cache(maxsize=1 << 14)
def _meaning(some: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(concepts, some))


def acts(some: Iterable[str]) -> set[str]:
    """The kinds of action these words speak of."""
    return set(_acts(tuple(some)))


@lru_cache(maxsize=1 << 14)
def _acts(some: tuple[str, ...]) -> frozenset[str]:
    return frozenset(concept for concept in _meaning(some) if concept.startswith("act:"))


def sentences(text: str) -> list[str]:
    """A text cut at full stops, questions, semicolons and line ends."""
    return [part for part in (piece.strip() for piece in _SENTENCE.split(text)) if part]


def phrase(some: Iterable[str]) -> str:
    """Words as a phrase of stems, by which values are known again."""
    return " ".join(map(stem, some))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A word cut short enough that its inflections coincide."""
    return word if word.isdigit() else _ENDING.sub("", word)[:5]
