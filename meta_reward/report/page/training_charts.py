"""The plot of a training: learned and official reward over the steps, and where the reward was refined."""

from collections.abc import Sequence

from markupsafe import Markup

from meta_reward.report.page import charts
from meta_reward.report.page.charts import Named, markup, text
from meta_reward.report.training import Training
from meta_reward.search.mpo.steps import Step

_MOST_POINTS = 100


def training_chart(training: Training) -> Markup:
    """Both rewards over the steps, refinements as upright lines; empty before the first step."""
    steps = training.steps
    if not steps:
        return Markup("")
    area = charts.axes((0, steps[-1].step), (0.0, 1.0))
    learned = _line(area, steps, [step.reward and step.reward / 100 for step in steps])
    official = _line(area, steps, [step.official for step in steps])
    marks = [
        markup('<path class="edge" d="M{:g} {:g}V{:g}"/>', area.x(one.samples.step), area.y.start, area.y.end)
        + text(area.x(one.samples.step) + 3, area.y.end + 10, one.verdict.row.id, "tick")
        for one in training.refinements
        if one.verdict.kept
    ]
    last = training.blocks[-1]
    true = "not known" if last.official is None else f"{last.official:.1f}"
    named = Named(
        "training",
        "Learned and official reward over the steps of the policy",
        f"{len(steps)} steps. In the last block the learned reward is {last.reward or 0:.1f}, the official one {true}, "
        f"both of 100. Upright lines are the {len(marks)} refinements that were kept.",
    )
    body = [
        area.frame(charts.count_ticks(steps[-1].step), charts.share_ticks(0.0, 1.0)),
        *marks,
        markup('<path class="leader" d="{}"/>', learned),
        markup('<path class="after-line" d="{}"/>', official),
        area.names("steps", "reward, in percent"),
    ]
    return charts.svg(named, area.width, area.height, body)


def _line(area: charts.Axes, steps: Sequence[Step], values: Sequence[float | None]) -> str:
    """A line through means over several steps each, so that it is readable."""
    size = -(-len(steps) // _MOST_POINTS)
    points = []
    for at in range(0, len(steps), size):
        known = [value for value in values[at : at + size] if value is not None]
        if known:
            middle = steps[min(at + size // 2, len(steps) - 1)].step
            points.append(f"{area.x(middle):g} {area.y(sum(known) / len(known)):g}")
    return "M" + "L".join(points) if points else ""
