"""Packed data is found in whatever signs it is written; words, patterns and schemas of any language are left alone."""

import base64
import random

import pytest

from meta_reward.harness.validate import inspect_source
from meta_reward.offline.proposer.library import load_library
from meta_reward.offline.proposer.source import parse_source, with_parts
from tests.conftest import PROJECT

GOOD = "\nasync def reward(trajectory, judge):\n    return 5\n"
DATA = random.Random(7).randbytes(400)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PAIRS = sorted(random.Random(7).sample([a + b for a in LETTERS for b in LETTERS], 300))
ROWS = [DATA[at : at + 4] for at in range(0, len(DATA), 4)]
BASE85 = base64.b85encode(DATA).decode()
PIECES = [BASE85[at : at + 20] for at in range(0, len(BASE85), 20)]
PACKED = {
    "base85": repr(BASE85),
    "base64": repr(base64.b64encode(DATA).decode()),
    "a little base64": repr(base64.b64encode(DATA[:60]).decode()),
    "base32": repr(base64.b32encode(DATA).decode()),
    "hexadecimal": repr(DATA.hex()),
    "bits": repr("".join(f"{byte:08b}" for byte in DATA)),
    "bytes": repr(DATA),
    "Cyrillic": repr("".join(chr(0x430 + byte % 32) for byte in DATA)),
    "Chinese": repr("".join(chr(0x4E00 + int.from_bytes(row) % 20_000) for row in ROWS * 2)),
    "a docstring": repr(f"Words that anyone may read, in front. {BASE85} And words after it."),
    "joined pieces": f"''.join({PIECES!r})",
    "listed pieces": repr(PIECES),
    "added pieces": " + ".join(map(repr, PIECES)),
    "pieces in several places": "1\n" + "\n".join(f"T{number} = {piece!r}" for number, piece in enumerate(PIECES)),
    "sorted pairs of letters": repr(dict.fromkeys(PAIRS, "good")),
    "sorted pairs of letters in one text": repr(" ".join(PAIRS[::2])),
    "table of digests": repr({row[:3].hex(): "good" for row in ROWS}),
    "table of numbers": repr({int.from_bytes(row): 1 for row in ROWS[:20]}),
    "one number": str(int.from_bytes(DATA)),
    "list of numbers": repr(list(DATA)),
    "list of flags": repr([byte > 99 for byte in DATA]),
}
PLAIN = {
    "English": "Read the whole run before you answer. Which rule of the policy does the last change rest on, and "
    "did the customer say yes to exactly that change, with its price, before the tool was called? "
    "Answer with one number.",
    "German": "Bitte beurteile anhand des folgenden Gesprächs, ob der Agent sich an die Richtlinien gehalten hat. "
    "Prüfe zuerst jede Regel, dann jeden Werkzeugaufruf, und begründe dein Urteil kurz und sachlich.",
    "Russian": "Пожалуйста, оцените по следующему разговору, соблюдал ли агент правила. Если он изменил "
    "бронирование без явного согласия клиента, поставьте низкую оценку. Сначала проверьте каждое "
    "правило, затем каждый вызов.",
    "Chinese": "请根据以下对话判断客服是否遵守了政策。如果客服在没有得到客户明确同意的情况下更改了预订,请"
    "给出较低的分数。首先列出政策中的每一条规则,然后检查每一次工具调用是否符合规则,并说明理由"
    "。不要因为语气礼貌而提高分数,只看事实和结果。最后用零到一百之间的一个整数表示你的评分。",
    "Japanese": "以下の会話に基づいて、エージェントがポリシーに従ったかどうかを判断してください。お客様の明"
    "確な同意なしに予約を変更した場合は、低い点数を付けてください。まず各ルールを確認し、次にツ"
    "ールの呼び出しごとに確認し、理由を簡潔に説明してください。最後に、ゼロから百までの数字を一つだけ書いてください。",
    "a pattern": r"(?im)^[\s*_#>`-]*(?:final\s+)?(?:score|rating|mark)[\s*_:=`]+(?P<score>\d{1,3}(?:\.\d+)?)\s*(?:/|o"
    r"ut of)?\s*(?:100|10)?\b|\b(?:not sure|hold on|instead|do(?:n't| not))\b|[A-Z]{2}\d[A-Z]\d[A-Z]",
    "a schema": '{"type": "object", "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 100}, '
    '"reason": {"type": "string"}}, "required": ["score", "reason"], "additionalProperties": false}',
    "a ruler": "-=" * 200,
    "an alphabet": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "tools": "book_flight cancel_reservation change_flight issue_refund set_bags upgrade_cabin "
    "get_reservation_details search_direct_flight search_onestop_flight transfer_to_human_agents "
    "update_reservation_passengers",
}


@pytest.mark.parametrize("expression", PACKED.values(), ids=PACKED)
def test_packed_data_is_found(expression: str) -> None:
    (finding, *_) = inspect_source(f"\nT = {expression}\n{GOOD}").findings
    assert finding.check == "dense"
    assert (finding.line or 2) >= 2


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert inspect_source(f"T = {text!r}\n{GOOD}").findings == ()


def test_weights_and_thresholds_are_left_alone() -> None:
    rubric = {f"criterion {number}": {"weight": 0.35, "least": 12_000, "most": 3.14159} for number in range(12)}
    assert inspect_source(f"T = {rubric!r}\n{GOOD}").findings == ()


def test_table_in_the_names_of_keywords_is_found() -> None:
    chance = random.Random(1)
    table = ", ".join(f"k{chance.getrandbits(32):08x}=True" for _ in range(200))
    (finding, *_) = inspect_source(f"T = dict({table})\n{GOOD}").findings
    assert finding.check == "dense"


@pytest.mark.slow
def test_no_mechanism_of_the_catalog_in_any_seed_looks_packed() -> None:
    seeds = [parse_source((PROJECT / "seed_harnesses" / name).read_text()) for name in ("evidence.py", "policy.py")]
    refused = [
        mechanism.name
        for mechanisms in load_library().values()
        for mechanism in mechanisms.values()
        for seed in seeds
        if inspect_source(with_parts(seed, {mechanism.part: mechanism.source}, doc=mechanism.headline)).findings
    ]
    assert refused == []
