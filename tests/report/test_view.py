"""`meta-reward view` and `tasks label` as a process on loopback: who is answered, and what nobody is shown."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from benchmarks.pages import MadeUp
from tests.conftest import made_once, make_task_set
from tests.report.serving import Served, served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up run of six candidates, tested."""
    return made_once(tmp_path_factory, "served", lambda folder: MadeUp(folder, words="Hello.").write())


@pytest.fixture(scope="module")
def view(made: Path) -> Iterator[Served]:
    with served("view", "night", folder=made) as server:
        yield server


def test_pages_show_the_run(view: Served) -> None:
    assert "<h1>night</h1>" in view.ask("/").text
    assert 'id="pair-table"' in view.ask("/overview.json").text.replace('\\"', '"')
    assert view.ask("/live.json").text.startswith('{"version":"')
    candidate = view.ask("/candidate/c0004")
    assert "<h1>c0004 made-up</h1>" in candidate.text
    assert sorted(candidate.data["texts"]) == ["source-c0002", "source-c0004"]
    other = view.ask("/candidate/c0004?against=c0003")
    assert sorted(other.data["texts"]) == ["source-c0003", "source-c0004"]
    pair = view.ask("/pair/t000-p1?a=c0001&b=c0004")
    assert 'What <a href="/candidate/c0004">c0004</a> asked the judge' in pair.text
    assert "You are a judge." in pair.text


def test_trajectory_has_a_page_with_its_pairs_and_exchanges(view: Served) -> None:
    pair = view.ask("/pair/t000-p1").text
    address = pair.split('href="/trajectory/')[1].split('"')[0]
    shown = view.ask(f"/trajectory/{address}?a=c0004").text
    assert f"<h1>Trajectory {address}</h1>" in shown
    assert '<a href="/pair/t000-p1">t000-p1</a>' in shown
    assert 'What <a href="/candidate/c0004">c0004</a> asked the judge' in shown
    assert "You are a judge." in shown
    assert view.ask("/trajectory/nowhere").status == 404


def test_pages_may_run_our_scripts_alone_and_be_framed_by_nobody(view: Served) -> None:
    headers = view.ask("/").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert policy.endswith("form-action 'self'; connect-src 'self'; frame-ancestors 'none'")
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "localhost.", "[", ""])
def test_other_hosts_are_refused(view: Served, host: str) -> None:
    assert view.ask("/", host=host).status == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1:80", "[::1]:8000"])
def test_names_of_this_machine_are_answered_at_any_port(view: Served, host: str) -> None:
    assert view.ask("/live.json", host=host).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_other_origins_are_refused(view: Served, origin: str) -> None:
    assert view.ask("/live.json", origin=origin).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_view_takes_no_changes(view: Served, method: str) -> None:
    assert view.ask("/", method=method, origin=view.url[:-1]).status in (403, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/../run.toml",
        "/run.toml",
        "/sealed",
        "/candidate/..",
        "/candidate/%2e%2e%2f%2e%2e%2frun.toml",
        "/candidate/c0004-made-up",
        "/candidate/c0004?against=../c0001",
        "/candidate/c9999",
        "/pair/../../run.toml",
        "/pair/%2e%2e/%2e%2e/run.toml",
        "/pair//etc/passwd",
        "/pair/t000-p1?a=../../sealed",
        "/pair/t000-p1%00",
        "/pair/",
        "/history/ledger.jsonl",
        "/live.json/",
    ],
)
def test_address_leads_nowhere_else(view: Served, path: str) -> None:
    answer = view.ask(path)
    assert (answer.status in (307, 404), "simulated" in answer.text) == (True, False)


def test_no_page_shows_a_sealed_trajectory(view: Served, made: Path) -> None:
    sealed = sorted(path.stem for path in (made / "tasks/made/trajectories").glob("*.json"))[16:]
    assert len(sealed) > 16
    pages = [view.ask(path).text for path in ("/", "/overview.json", "/candidate/c0004", "/pair/t000-p1")]
    assert [id for id in sealed for page in pages if id in page] == []
    assert view.ask(f"/pair/{quote(sealed[0].partition('-')[0])}-p1").status == 404


def test_interrupt_ends_it_in_peace(made: Path) -> None:
    with served("view", "night", folder=made) as server:
        assert server.ask("/live.json").status == 200
        server.process.send_signal(signal.SIGINT)
        assert (server.process.wait(10), server.process.communicate()[1]) == (0, "")


def test_taken_port_is_said_in_a_line(made: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = command("view", "night", "--no-open", "--port", str(port), folder=made)
    said = f"meta-reward: cannot listen at 127.0.0.1, port {port}: address already in use: give another --port\n"
    assert (ran.returncode, ran.stderr) == (1, said)


def test_missing_package_is_said_in_a_line(made: Path) -> None:
    without = "import importlib.util as u; f = u.find_spec; u.find_spec = lambda n: None if n == 'uvicorn' else f(n)"
    ran = command("view", "night", folder=made, first=without)
    assert (ran.returncode, ran.stderr) == (
        1,
        "meta-reward: uvicorn is not installed: pip install 'meta-reward[view]'\n",
    )


def command(*arguments: str, folder: Path, first: str = "") -> "subprocess.CompletedProcess[str]":
    program = f"{first}\nfrom meta_reward.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    make_task_set(folder / "tasks" / "made")
    return folder


@pytest.fixture(scope="module")
def label(labelled: Path) -> Iterator[Served]:
    with served("tasks", "label", "made", "--annotator", "ann", folder=labelled) as server:
        yield server


def say(server: Served, said: object, **changed: str) -> int:
    """Say something of the pair that is shown. changed: other headers than those of the page."""
    page = server.ask("/").data
    headers = {"origin": server.url[:-1], "x_meta_reward_token": page["token"], **changed}
    body = {"key": page["key"], "said": said} if isinstance(said, str) else said
    return server.ask("/label", method="POST", body=body, **headers).status


def test_label_is_written_only_for_its_own_page(label: Served, labelled: Path) -> None:
    token = label.ask("/").data["token"]
    refused = [
        say(label, "left", x_meta_reward_token=""),
        say(label, "left", x_meta_reward_token=token[:-1]),
        say(label, "left", origin="http://evil.example"),
        say(label, "left", origin="null"),
        say(label, "left", host="evil.example", origin="http://evil.example"),
        say(label, "left", sec_fetch_site="cross-site"),
        label.ask("/label?said=left").status,
        label.ask("/label", method="POST", body={"said": "left"}, x_meta_reward_token=token).status,
        say(label, {"key": "another", "said": "left"}),
        say(label, {"key": "another"}),
        say(label, {"key": label.ask("/").data["key"], "said": "left", "categories": ["a\nb"]}),
        say(label, {"key": label.ask("/").data["key"], "said": "left", "categories": ["a"] * 13}),
        say(label, b"{"),
        say(label, b"[" * 30_000),
    ]
    assert refused == [403, 403, 403, 403, 403, 403, 405, 403, 409, 400, 400, 400, 400, 400]
    assert not (labelled / "tasks/made/votes.jsonl").exists()
    assert say(label, "left") == 204
    assert len((labelled / "tasks/made/votes.jsonl").read_text().splitlines()) == 1


def test_label_page_names_no_trajectory_and_no_label(label: Served, labelled: Path) -> None:
    text = label.ask("/").text
    shown = text[text.index('<div id="page">') :].partition("<script")[0]
    ids = [path.stem for path in (labelled / "tasks/made/trajectories").glob("*.json")]
    assert [word for word in (*ids, "success", "failure", "preferred", "c0001") if word in shown] == []
    assert [id for id in ids if id in text] == []


def test_untested_run_keeps_its_task_set(tmp_path: Path) -> None:
    MadeUp(tmp_path, tested=False).write()
    ran = command("tasks", "label", "made", "--no-open", folder=tmp_path)
    assert (ran.returncode, ran.stderr) == (
        1,
        "meta-reward: a new pair changes task set made, and night could not be continued or tested: "
        "pass --which given, label a copy of tasks/made, or pass --force\n",
    )
    with served("tasks", "label", "made", "--which", "given", folder=tmp_path) as server:
        assert say(server, "right") == 204


def test_labels_chosen_by_a_run_go_on_after_the_first_new_pair(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    given = (tmp_path / "tasks/made/pairs.jsonl").read_bytes()
    for _ in range(2):
        with served("tasks", "label", "made", "--which", "new", "--run", "night", folder=tmp_path) as server:
            assert say(server, "left") == 204
    assert len((tmp_path / "tasks/made/pairs.jsonl").read_bytes().removeprefix(given).splitlines()) == 2
    make_task_set(tmp_path / "tasks" / "other")
    ran = command("tasks", "label", "other", "--run", "night", "--no-open", folder=tmp_path)
    assert ran.stderr == (
        "meta-reward: run night judged trajectories that are not those of task set other: "
        "name a run on this task set, or on one that it was copied from\n"
    )
