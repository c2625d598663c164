"""What a session leaves is collected and recorded, whatever names and texts it uses."""

import os
from pathlib import Path

from meta_reward.propose.base import Assignment
from meta_reward.run.ledger import load_ledger
from meta_reward.run.record import load_iterations
from tests.search.conftest import World, harness, proposal

BETTER = harness("Look closely.")


def leave(folder: Path, source: str = BETTER, told: str = "") -> None:
    folder.mkdir()
    (folder / "harness.py").write_text(source)
    (folder / "proposal.md").write_text(told or proposal("c0001"))


class NamingProposer:
    """Leaves a draft whose folder is named in Latin-1, and one in ASCII; and a file of such a name in the history."""

    repairs = False

    async def propose(self, assignment: Assignment) -> None:
        leave(assignment.staging / os.fsdecode(b"caf\xe9"))
        leave(assignment.staging / "tea")
        (assignment.view / os.fsdecode(b"caf\xe9.txt")).touch()


def test_folder_whose_name_is_not_utf8_is_left_out_and_the_search_goes_on(begun: World) -> None:
    begun.proposer = NamingProposer()
    assert begun.search(iterations=1).state == "finished"
    assert begun.search(iterations=2).state == "finished"
    assert [row.name for row in load_ledger(begun.layout.ledger)] == ["baseline", "tea", "tea"]
    assert load_iterations(begun.layout)[1].notes == (
        r"the session changed 1 files of the history, which were restored: 'caf\udce9.txt'",
        r"'caf\udce9' is not a name in UTF-8: left out",
    )
    assert [path.name for path in begun.layout.history.glob("caf*")] == []
