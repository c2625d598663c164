"""What `score` prints while it works, and at its end."""

from meta_reward.files import printable
from meta_reward.models.usage import dollars_of
from meta_reward.report.standalone import render_spending
from meta_reward.report.tables import SIMULATED, fit, percent, plural
from meta_reward.use.export import Exported
from meta_reward.use.judge_training import Training
from meta_reward.use.score_files import Job, Tally

SCALE = "scores run from 0 to 100; divide by 100 for what expects 0 to 1"


def render_progress(tally: Tally, total: int | None, seconds: float) -> str:
    """Progress so far: lines, failures, money, time left."""
    of = "" if total is None else f" of {total:,}"
    parts = [f"{tally.lines:,}{of} scored"]
    if tally.failed:
        parts.append(f"{tally.failed:,} failed")
    if not tally.simulated:
        parts.append(dollars_of(tally.spent))
    done = tally.lines - tally.earlier_lines
    if total is not None and done and total > tally.lines:
        parts.append(f"{duration(seconds / done * (total - tally.lines))} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """A rough duration, such as `40 s` or `1.5 h`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def render_scored(job: Job, tally: Tally) -> str:
    """The summary: lines and failures, the best of each task, the cost, and the evidence for the harness."""
    failed = f", {tally.failed:,} without a score" if tally.failed else ""
    lines = [f"{plural(tally.lines, 'line')}{failed}" + (f" in {job.out}" if job.out else "")]
    if tally.earlier_lines:
        lines.append(f"{tally.earlier_lines:,} of them by an earlier start")
    if tally.errors:
        error, times = tally.errors.most_common(1)[0]
        lines.append(f"commonest failure, {plural(times, 'time')}: {error:.300}")
    if job.best_of:
        lines.append(_best(job, tally))
    if not tally.simulated:
        lines.append(f"spent: {render_spending(tally.spent, tally.earlier)}")
    lines += [*job.loaded.about(), SCALE, *([SIMULATED] if tally.simulated else [])]
    return "\n".join(fit(printable(line)) for line in lines)


def _best(job: Job, tally: Tally) -> str:
    text = f"the best of {plural(len(tally.best), 'task')} in {job.best_path}"
    missing = tally.best.without_task
    return text + (f"; {plural(missing, 'line')} without a field {job.best_of}" if missing else "")


def render_exported(exported: Exported) -> str:
    """What was exported, the evidence for it, and where it is weak."""
    weak = [f"{one.category} {percent(one.agreement)}" for one in exported.weak]
    lines = [
        f"{exported.harness} with judge {exported.judge} in {exported.folder}",
        f"decision: {exported.evidence.decision}",
        exported.evidence.sealed(),
        f"weak on: {', '.join(weak)}" if weak else "no failure category stands out as weak",
        *([SIMULATED] if exported.simulated else []),
    ]
    return "\n".join(fit(printable(line)) for line in lines)


def render_training(made: Training) -> str:
    """The files for training a judge, with what each has."""
    counts = (
        plural(made.completions, "reply", "replies") + " that led to right rewards",
        plural(made.labelled, "reply", "replies") + ", right or wrong",
        plural(made.preferences, "prompt") + " with a right and a wrong reply",
    )
    lines = [f"{path}: {count}" for path, count in zip(made.files, counts, strict=True)]
    if made.replayed:
        lines.append(f"{plural(made.replayed, 'reply', 'replies')} replayed alone; no judge was asked")
    return "\n".join(fit(printable(line)) for line in lines)
