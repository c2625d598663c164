"""What a session leaves is collected and recorded, whatever names and texts it uses."""

import json
import os
import shutil
from pathlib import Path

import pytest

from meta_reward.propose.base import Assignment
from meta_reward.propose.command import CommandProposer
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
        r"the session changed 1 files of the history, which were restored: 'caf\\xe9.txt'; what stood there is in "
        ".work/set-aside/session-0001",
        r"'caf\udce9' is not a name in UTF-8: left out",
    )
    assert [path.name for path in begun.layout.history.glob("caf*")] == []


VALUE = "an-ordinary-value"
LEAKING = r"""
for name in clean leaks tells "named-$PLAIN"; do mkdir "$name"; cp "$META_REWARD_DRAFT" "$name/harness.py"; done
echo "NOTE = '$PLAIN'" >> leaks/harness.py
echo "x" > "clean/$PLAIN.txt"
printf 'It needs %s.' "$PLAIN" > tells/proposal.md
echo "signed in with $PLAIN"
echo "could not end: $PLAIN is refused"
exit 3
"""


def test_value_given_to_a_proposer_is_in_no_record_and_a_candidate_with_it_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = world.folder / "draft.py"
    draft.write_text(BETTER)
    monkeypatch.setenv("PLAIN", VALUE)
    monkeypatch.setenv("META_REWARD_DRAFT", str(draft))
    settings = {"spec": "command:sh", "jail": "none", "env": ["PLAIN"], "candidates": 4}
    world.create(proposer=settings, limits={"iterations": 1})
    world.proposer = CommandProposer(("sh", "-c", LEAKING), 1.0, repairs=False, env=("PLAIN",))
    world.search()
    found = {row.name: row.reason for row in load_ledger(world.layout.ledger)[1:]}
    assert found == {
        "clean": "",
        "leaks": f"line {BETTER.count(chr(10)) + 1}: holds the value of the variable PLAIN, which is a secret",
        "tells": "proposal.md holds the value of the variable PLAIN, which is a secret",
    }
    assert load_iterations(world.layout)[1].notes == (
        "sh: exit code 3: could not end: [key] is refused",
        "a folder's name holds a secret: left out",
        "'clean' holds '[key].txt' as well: left out",
    )
    files = [path for path in world.layout.root.rglob("*") if path.is_file()]
    assert [path for path in files if VALUE.encode() in path.read_bytes() or VALUE in str(path)] == []
    assert VALUE not in "\n".join(world.notes)
    leaks = next(world.layout.history.glob("candidates/*-leaks/harness.py")).read_text()
    assert leaks.endswith("NOTE = '[secret of PLAIN]'\n")


def test_candidate_stays_refused_where_the_secret_is_no_longer_known(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAIN", VALUE)
    world.create(proposer={"spec": "command:sh", "jail": "none", "env": ["PLAIN"]}, limits={"iterations": 1})
    world.proposer.drafts = {1: {"leaks": (f'{BETTER}\nNOTE = "{VALUE}"\n', proposal("c0001"))}}
    world.search()
    before = world.layout.ledger.read_text()
    for path in (world.layout.ledger, world.layout.iterations):  # as if it had been killed before these were written
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if json.loads(line)["iteration"] == 0))
    shutil.rmtree(world.layout.candidate("c0002-leaks"))
    monkeypatch.delenv("PLAIN")
    world.search()
    assert world.layout.ledger.read_text() == before
    assert "holds the value of the variable PLAIN" in before


ONCE = 'echo x >> "$META_REWARD_STARTS"; cp "$META_REWARD_DRAFT" draft.py; '
KILLED_ONCE = ONCE + '[ $(wc -l < "$META_REWARD_STARTS") = 1 ] && kill -9 $$; mkdir good; mv draft.py good/harness.py'
KILLED_ALWAYS = ONCE + "kill -9 $$"


@pytest.mark.parametrize(
    ("does", "names", "starts"), [(KILLED_ONCE, ["baseline", "good"], 2), (KILLED_ALWAYS, ["baseline"], 3)]
)
def test_session_of_a_proposer_that_is_killed_begins_anew_at_most_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, does: str, names: list[str], starts: int
) -> None:
    for name in ("draft", "starts"):
        monkeypatch.setenv(f"META_REWARD_{name.upper()}", str(world.folder / name))
    (world.folder / "draft").write_text(BETTER)
    world.create(proposer={"spec": "command:sh", "jail": "none"}, limits={"iterations": 1})
    world.proposer = CommandProposer(("sh", "-c", does), 1.0, repairs=False)
    assert world.search().state == "finished"
    assert [row.name for row in load_ledger(world.layout.ledger)] == names
    assert (world.folder / "starts").read_text() == "x\n" * starts
