"""Putting an iteration on record: ledger, frontier, leader, commits.

Every function here is safe to repeat: what it writes follows from what is on disk. So a search that was killed between
two of these steps simply runs them again.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from meta_reward import files, folders
from meta_reward.errors import GitError
from meta_reward.evaluation.metrics import Metrics
from meta_reward.run import git
from meta_reward.run.evaluations import items_file, load_outcomes, load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, leader_of, load_ledger, render_frontier, render_ledger
from meta_reward.run.proposal import parse_proposal
from meta_reward.run.samples import step_before
from meta_reward.run.sessions import keep_session
from meta_reward.run.set_aside import free_folder, inside, move_aside, write_over
from meta_reward.run.trace_file import load_error

if TYPE_CHECKING:
    from meta_reward.harness.validate import Report

SCHEMA = 1
_MAX_REASON_CHARS = 1000
_TAGS_LEFT_LOOSE = 32
_Evaluation = tuple[Path, int]  # its folder, and the modification time of its items in nanoseconds


@dataclass(frozen=True, slots=True)
class Iteration:
    """A line of `iterations.jsonl`. added: its candidate comes from a person, not from the search."""

    iteration: int
    candidates: tuple[str, ...]
    notes: tuple[str, ...]
    added: bool = False


def save_candidate(layout: Layout, folder: str, *, source: str, proposal: str, report: "Report", iteration: int) -> str:
    """Write the folder of a new candidate, whole or not at all; if it exists already, keep it.

    Anything else in its place is set aside; then a note says so. Returns the note, otherwise "".
    """
    from meta_reward.harness.validate import report_to_json

    path, note = layout.candidate(folder), ""
    if is_candidate_folder(path):
        return note
    if os.path.lexists(path):
        aside = free_folder(layout, "by-hand") / inside(layout, path)
        move_aside(path, aside)
        note = f"{inside(layout, path)} was in the way of a candidate; it is now in {inside(layout, aside)}"
    with folders.new_folder(path) as new:
        files.write_bytes(new / "harness.py", source.encode())
        files.write_bytes(new / "proposal.md", files.printable(proposal).encode())
        files.write_json(new / "validator.json", report_to_json(report))
        if report.seconds is not None:  # measured time, kept apart from what is the same on every machine
            files.write_json(new / "seconds.json", {"schema": 1, "longest_run_s": round(report.seconds, 4)})
        keep_session(layout, iteration, new / "proposer")
    return note


def is_candidate_folder(path: Path) -> bool:
    """Whether `save_candidate` made a folder, and not somebody else under the same name."""
    return (path / "validator.json").is_file() and (path / "proposal.md").is_file()


def row_of(layout: Layout, folder: str, iteration: int, *, judge: str) -> Row:
    """A candidate's ledger row, from the files in its folder."""
    id, _, name = folder.partition("-")
    path = layout.candidate(folder)
    proposal = parse_proposal(files.read_text(path / "proposal.md"))
    status, reason, metrics = _status_of(path)
    scored = metrics if metrics and status == "scored" else None
    return Row(
        id=id,
        name=name,
        iteration=iteration,
        parents=proposal.parents,
        status=status,
        score=scored.score if scored else None,
        low=scored.low if scored else None,
        high=scored.high if scored else None,
        judge_tokens=metrics.judge_tokens if metrics else 0,
        judge=judge,
        hypothesis=files.printable(proposal.hypothesis),
        reason=files.printable(reason)[:_MAX_REASON_CHARS],
        context_chars=metrics.cost if metrics and metrics.context else None,
        step=step_before(layout.samples_of(iteration)),
    )


def _status_of(folder: Path) -> tuple[str, str, Metrics | None]:
    path = folder / "validator.json"
    validator = files.load_json(path)
    with files.reading(path):
        found = () if validator["ok"] else validator["findings"]
        findings = [f"line {f['line']}: {f['message']}" if f["line"] else f["message"] for f in found]
    if findings:
        return "rejected", "; ".join(findings), None
    scores = load_scores(folder)
    if scores is not None and scores.broken:
        ran, left = scores.metrics.examples, len(scores.not_run)
        part = f", {left} of {ran + left} were not run" if left else ""
        return "failed", f"fails on most of its first runs{part}: {_first_error(folder)}", scores.metrics
    return "scored", "", scores.metrics if scores else None


def _first_error(folder: Path) -> str:
    for path in sorted((folder / "traces").glob("*.json")):
        if error := load_error(path):
            return error
    return "unknown"


def load_iterations(layout: Layout) -> list[Iteration]:
    """The iterations on record, in order. Their count is the number of the next one."""
    lines = files.load_lines(layout.iterations)
    with files.reading(layout.iterations):
        return [Iteration(x["iteration"], tuple(x["candidates"]), tuple(x["notes"]), x["added"]) for x in lines]


def iterations_done(lines: Sequence[Iteration]) -> int:
    """How many iterations the search has done; neither the seeds nor what a person added counts."""
    return max(0, sum(not line.added for line in lines) - 1)


def save_iteration(layout: Layout, rows: Sequence[Row], iteration: Iteration) -> list[str]:
    """Put an iteration on record: ledger, frontier and leader, and last the line that says it is done.

    rows: all rows so far, this iteration's at the end. Returns notes on files that a person had changed.
    """
    lines = ({"schema": SCHEMA, **files.as_dict(line)} for line in [*load_iterations(layout), iteration])
    return write_over(
        layout,
        {
            layout.ledger: render_ledger(rows),
            layout.frontier: render_frontier(rows),
            layout.outcomes: render_outcomes(layout, rows),
            layout.best: (layout.candidate(leader_of(rows).folder) / "harness.py").read_bytes(),
            layout.iterations: b"".join(map(files.dump_line, lines)),
        },
        leave=[layout.best],
    )


def render_outcomes(layout: Layout, rows: Sequence[Row]) -> bytes:
    """The text of `outcomes.jsonl`: a line for each scored candidate and each of its parents.

    A candidate without parents is compared with the baseline. A line names the pairs on which the candidate does
    better than its parent, and those on which it does worse, so one grep shows what a change did. A candidate's lines
    depend only on earlier ones, so the file only grows at its end.
    """
    scored = {row.id: row for row in rows if row.status == "scored"}
    return b"".join(
        _compare(row.id, against, _evaluation(layout, row), _evaluation(layout, scored[against]))
        for row in scored.values()
        for against in row.parents or (rows[0].id,)
        if against in scored and against != row.id
    )


def _evaluation(layout: Layout, row: Row) -> _Evaluation:
    folder = layout.candidate(row.folder)
    return folder, items_file(folder).stat().st_mtime_ns


@cache
def _compare(id: str, against: str, own: _Evaluation, other: _Evaluation) -> bytes:
    """A line of outcomes; computed once per process."""
    values, before = _values(own), _values(other)
    better = [pair for pair, value in values.items() if value > before[pair]]
    worse = [pair for pair, value in values.items() if value < before[pair]]
    return files.dump_line({"id": id, "against": against, "better": better, "worse": worse})


@cache
def _values(evaluation: _Evaluation) -> dict[str, float]:
    """The value of each item's outcome in an evaluation, by id; read once per process."""
    return {outcome.id: outcome.value for outcome in load_outcomes(evaluation[0])}


def commit_candidates(layout: Layout) -> None:
    """Commit every candidate on record that has no tag yet, in the order of ids.

    Candidates of an iteration whose line is not written yet have to wait: that line is part of their commits.
    """
    rows = _rows_on_record(layout)
    known = git.refs(layout.root)
    for number, row in enumerate(rows, 1):
        if git.tag_ref(row.id) not in known:
            _commit_candidate(layout, rows, number, known)
            known |= {git.BRANCH, git.tag_ref(row.id)}
            if number % _TAGS_LEFT_LOOSE == 0:
                git.pack_refs(layout.root)


def match_tags(layout: Layout) -> None:
    """Tag each candidate that is on `main`, and remove the tag of any that is not, so that it is committed again.

    They can differ if git was killed between writing the two refs, or if the tags were lost.
    """
    known, committed = git.refs(layout.root), git.candidates(layout.root)
    for row in load_ledger(layout.ledger):
        is_tagged = git.tag_ref(row.id) in known
        if row.id in committed and not is_tagged:
            git.tag(layout.root, _tag_of(layout, row), known=known)
            known.add(git.tag_ref(row.id))
        elif is_tagged and row.id not in committed:
            git.remove_tag(layout.root, row.id)


def commit_iteration_without_candidates(layout: Layout, iteration: Iteration) -> None:
    """Commit an iteration without candidates, with the record of its session."""
    message = f"Iteration {iteration.iteration}: no candidates\n\n" + "\n".join(iteration.notes)
    keep_session(layout, iteration.iteration, layout.empty_session(iteration.iteration))
    commit_paths(layout, message, [layout.iterations, layout.empty_session(iteration.iteration)])


def commit_last_iteration(layout: Layout) -> None:
    """Commit the last iteration, if it has no candidates and a kill came before its commit."""
    lines = load_iterations(layout)
    if lines and not lines[-1].candidates:
        try:
            git.read(layout.root, inside(layout, layout.empty_session(lines[-1].iteration) / "session.json"))
        except GitError:
            commit_iteration_without_candidates(layout, lines[-1])


def commit_leader(layout: Layout) -> None:
    """Commit the leader's program as `harness.py`, unless git has it already."""
    rows, name = _rows_on_record(layout), inside(layout, layout.best)
    if rows:
        leader = leader_of(rows)
        content = (layout.candidate(leader.folder) / "harness.py").read_bytes()
        if git.blob_ids(layout.root, [name]).get(name) != git.blob_id(content):
            git.commit(layout.root, git.Commit(f"Leader: {leader.id}", {name: content}))


def _rows_on_record(layout: Layout) -> list[Row]:
    """The ledger's rows of those iterations whose line is written."""
    done = len(load_iterations(layout))
    return [row for row in load_ledger(layout.ledger) if row.iteration < done]


def commit_paths(layout: Layout, message: str, paths: Iterable[Path]) -> None:
    """Commit files, and the files in folders, as they are on disk."""
    git.commit(layout.root, git.Commit(message, _contents(layout, paths)))


def _commit_candidate(layout: Layout, rows: Sequence[Row], number: int, known: Collection[str]) -> None:
    """Commit the candidate of row `number`, counted from 1, with the record as it was when this row was the last.

    The commit of an iteration's last candidate includes the iteration's line.
    """
    row, so_far = rows[number - 1], rows[:number]
    own = layout.candidate(row.folder)
    content = _contents(layout, [own])
    content[inside(layout, layout.ledger)] = _first_lines(layout.ledger, number)
    content[inside(layout, layout.frontier)] = render_frontier(so_far)
    if number == len(rows) or rows[number].iteration > row.iteration:
        content[inside(layout, layout.iterations)] = _first_lines(layout.iterations, row.iteration + 1)
        later = tuple(f'{{"id":"{one.id}"'.encode() for one in rows[number:])
        lines = layout.outcomes.read_bytes().splitlines(keepends=True)
        content[inside(layout, layout.outcomes)] = b"".join(line for line in lines if not line.startswith(later))
    git.commit(layout.root, git.Commit(_message(row), content), tag=_tag_of(layout, row), known=known)


def _tag_of(layout: Layout, row: Row) -> git.Tag:
    """A candidate's tag: only its program, proposal and scores."""
    own = layout.candidate(row.folder)
    names = ("harness.py", "proposal.md", "scores.json")
    contents = {name: (own / name).read_bytes() for name in names if (own / name).exists()}
    return git.Tag(row.id, git.Commit(_message(row), contents), row.parents)


def _first_lines(path: Path, count: int) -> bytes:
    return b"".join(path.read_bytes().splitlines(keepends=True)[:count])


def _message(row: Row) -> str:
    what = f"{row.score or 0:.1%} on search (judge {row.judge})" if row.status == "scored" else row.status
    trailers = [f"Candidate: {row.id}", *(f"Parent: {parent}" for parent in row.parents)]
    trailers += [] if row.step is None else [f"Step: {row.step}"]
    trailers += [] if row.score is None else [f"Agreement: {row.score:.4f}"]
    trailers += [f"Judge: {row.judge}", f"Judge-Tokens: {row.judge_tokens}"]
    body = [text for text in (row.hypothesis, row.reason) if text]
    return "\n\n".join([f"{row.id} {row.name}: {what}", *body, "\n".join(trailers)])


def _contents(layout: Layout, paths: Iterable[Path]) -> dict[str, bytes]:
    every = (file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*"))))
    return {inside(layout, file): file.read_bytes() for file in every if file.is_file()}
