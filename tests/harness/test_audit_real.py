"""Ledgers of ten real trajectories, read and written down by hand, against what the audit says of them.

The data are not part of the project: skipped where they are absent. Comments say what a reader sees and the
audit does not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meta_reward.harness.audit import Ledger, audit
from meta_reward.tasks.importers.record import Options, Record
from meta_reward.tasks.importers.registry import importer
from meta_reward.trajectory import Trajectory
from tests.conftest import PROJECT

DATA = PROJECT.parent / "shared" / "data"
V1, V2 = "tau-bench-airline/gpt-4o-airline.json", "tau2-airline"
CASES = [
    # file, id, records written with the messages, contradictions
    # [60] says that a bag was added; the record had one before, so its count does not tell.
    (V1, "t003-r0", {"OBUT9V": (58,)}, []),
    (V1, "t005-r0", {"FQ8APE": (22,)}, [(24, "unbacked-claim")]),
    (V1, "t015-r0", {"GV1N64": (26,)}, []),
    # [28] says that the fare difference was waived, but the result at [25] pays 331 back.
    (V1, "t019-r0", {"VA5SGQ": (24, 26)}, []),
    (
        *(V1, "t029-r3", {"UDMOP1": (24,), "4XGCCM": (26,)}),
        [(24, "unconfirmed-write"), (26, "unconfirmed-write")],
    ),
    # [37] says that there are no other flights, but the user's record at [20] lists some.
    (
        *(f"{V2}/qwen2.5-7b.json", "5e5749a9", {"XEHM4B": (7, 17), "59XX6W": (7,)}),
        [(7, "unread-record"), (7, "unread-record"), *[(7, "unconfirmed-write")] * 2, *[(17, "unconfirmed-write")] * 2],
    ),
    (f"{V2}/claude-sonnet-4-5-aide.json", "XEHM4B", {"XEHM4B": (23, 29, 31)}, []),
    # [25] drops the flights of the outward journey, which nobody had asked for.
    (f"{V2}/azure-gpt-4o.json", "b183515c", {"OBUT9V": (25, 27)}, []),
    (f"{V2}/gpt-oss-120b-langchain.json", "8a872b6e", {"K1NW8N": (13,)}, []),
    (f"{V2}/button-claude-opus-4-6.json", "e17205d0", {"Z7GOZK": (19,)}, []),
]


@pytest.mark.parametrize(("file", "id", "written", "contradictions"), CASES, ids=[case[1] for case in CASES])
def test_ledger_of_a_real_run_is_what_a_reader_wrote_down(
    file: str, id: str, written: dict[str, tuple[int, ...]], contradictions: list[tuple[int, str]]
) -> None:
    ledger = ledger_of(DATA / file, id)
    assert [(one.number, one.kind) for one in ledger.contradictions] == contradictions
    found = {one.id: one.written for one in ledger.entities if one.written and one.id in written}
    assert found == written


def test_user_who_corrects_the_reservation_is_understood_in_a_real_run() -> None:
    ledger = ledger_of(DATA / V1, "t005-r0")
    assert [e.number for e in ledger.events if e.kind == "claimed"] == [24, 24]
    assert {one.id: one.named for one in ledger.entities if one.named} == {"omar_rossi_1241": (3,), "UM3OG5": (7,)}


def ledger_of(path: Path, id: str) -> Ledger:
    """The ledger of the run with this id, or whose user names this first."""
    if not path.is_file():
        pytest.skip(f"{path.name} is not here")
    policy = (path.parent / "policy.md").read_text()
    for record in records(path):
        run = record.run
        if str(record.id).startswith(id) or (len(id) == 6 and any(id in m.content for m in run.messages[:2])):
            return audit(Trajectory(run.policy or policy, run.tools or (), run.messages))
    raise AssertionError(f"no run {id}")


def records(path: Path) -> Iterator[Record]:
    format = "tau2-bench" if "tau2" in path.parent.name else "tau-bench"
    return (record for record in importer(format).read(path, Options()) if isinstance(record, Record))
