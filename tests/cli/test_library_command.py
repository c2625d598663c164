"""`meta-reward library`: entries to edit by hand, and back."""

from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.conftest import PROJECT

SEED = PROJECT / "seed_harnesses" / "library" / "policy_check.py"


@pytest.fixture
def unpacked(meta_reward: MetaReward) -> Path:
    assert meta_reward("library", "unpack", SEED, "mine").out == "mine: 1 skills, 1 tools\n"
    return Path("mine")


def test_packing_what_was_unpacked_gives_the_same_harness(meta_reward: MetaReward, unpacked: Path) -> None:
    assert meta_reward("library", "pack", unpacked).out == SEED.read_text()


def test_skill_that_was_edited_by_hand_is_in_the_harness(meta_reward: MetaReward, unpacked: Path) -> None:
    path = unpacked / "skills" / "policy-first" / "SKILL.md"
    path.write_text(f"{path.read_text()}Be strict.\n")
    ran = meta_reward("library", "pack", unpacked, "--out", "harness.py")
    assert (ran.code, ran.err) == (0, "")
    assert '"Be strict."' in Path("harness.py").read_text()
    assert meta_reward("validate", "harness.py").code == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "skills/policy-first",
            "description: ",
            "descriptive: ",
            "skill policy-first has the unknown field 'descriptive'",
        ),
        ("skills/policy-first", "---", "", "does not parse: it does not begin with front matter"),
        ("tools/policy-check", '"type": "object"', '"type": "thing"', "its input is not a JSON schema: type 'thing'"),
        ("tools/policy-check", "def policy_check(", "def policy_check((", "tool policy-check does not parse"),
        ("tools/policy-check", "return {word", f"return {'x' * 70_000} or {{word", "KB packed, more than 64"),
    ],
)
def test_entry_that_cannot_be_is_refused_in_one_line(
    meta_reward: MetaReward, unpacked: Path, file: str, old: str, new: str, said: str
) -> None:
    path = unpacked / file / "SKILL.md"
    path.write_text(path.read_text().replace(old, new, 1))
    ran = meta_reward("library", "pack", unpacked, "--out", "harness.py")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith("meta-reward: mine")
    assert said in ran.err
    assert not Path("harness.py").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("unpack", "one_seed/baseline.py", "other"), "is not a library: it has no engine below its entries"),
        (("unpack", SEED, "mine"), "mine holds a library already: unpack into an empty folder"),
        (("pack", "one_seed"), "one_seed is not a library: it has no skills/NAME/SKILL.md"),
    ],
)
def test_what_is_no_library_is_refused_in_one_line(
    meta_reward: MetaReward, unpacked: Path, arguments: tuple[object, ...], said: str
) -> None:
    ran = meta_reward("library", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
