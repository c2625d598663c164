"""A simulated judge: what a small language model does with a prompt, imitated by a pure function.

**Its numbers say nothing about any real model.** It exists so that searches, statistics and tests
can run without a key, on something whose weaknesses are those that real judges were measured to have.

An answer depends on the request's text, the draw and the seed, and on nothing else. Most of its noise hangs on
what the text is about; the rest on its very wording, so that saying the same otherwise is a little luck again.

    prompt, sections             find conversation, policy, findings and instructions in what a harness wrote
    transcript, episode, facts   make sense of the conversation, by the words of any domain
    clauses, policy, limits      make sense of the policy
    rules, amounts               what the clauses that were shown and read permit, forbid and charge
    evidence, authority, findings   weigh what speaks for the agent, by mechanism: authority, consent, claims,
                                 record, outcome, faults
    verdict                      mixes that with the biases
    answer, pen, tools           reply in the form that was asked for

    bias              what it does                              what it yields to
    action_bias       rewards visible changes, not restraint    criteria that speak of authority or consent
    trust_claims      believes what the agent says it did       criteria that speak of claims and their support
    reading           loses parts of long prompts, above all    shorter views, the clauses that matter,
                      from the middle, and of bulky policies    asked last or first
    length_bias       likes long answers                        being told to ignore manner, any criteria
    politeness_bias   likes polite agents, pleased customers    the same
    leniency          pushes scores up and together             being told to be strict, reasons before the number
    noise             each draw is off, each case a little      several draws, reasons before the number
    rewording         part of the noise is rolled anew          several draws
                      whenever anything in the prompt changes
    rounding          clusters on round numbers                 several draws or criteria, a finer scale
    inattention       weighs what nobody named only a little    criteria, findings and policy in the prompt
    carelessness      misses clauses of the policy              being asked what it allows, for reasons first,
                                                                and for that apart from other things
    clutter           is noisier the more of a run it is shown  views without what does not matter

Findings that code has verified count far more than what the judge makes of a conversation by itself,
so wrong findings mislead it. Preset `perfect` has no bias and no noise, but no more sense than that;
preset `noise` answers at random.
"""

from collections.abc import Sequence

from meta_reward.completion import Request
from meta_reward.offline.judge.answer import reply_text
from meta_reward.offline.judge.episode import understand
from meta_reward.offline.judge.pen import Pen
from meta_reward.offline.judge.prompt import read_request
from meta_reward.offline.judge.settings import Strengths, strengths_of
from meta_reward.offline.judge.tools import calls_to_make
from meta_reward.offline.judge.verdict import form_impression
from meta_reward.offline.simulated import SimulatedModel
from meta_reward.trajectory import ToolCall

WINDOW_TOKENS = 200_000


class SimulatedJudge(SimulatedModel[Strengths]):
    """Answers from the request alone, the same to the same request, draw and seed."""

    who = "judge"
    kind = "simulated"
    version = 6

    def say(self, request: Request, draw: int, digest: str) -> str | Sequence[ToolCall]:
        prompt = read_request(request)
        calls = calls_to_make(request, understand(prompt.turns)) if request.tools else ()
        if calls:
            return calls
        apart = (request.schema or {}).get("properties", {})
        impression = form_impression(prompt, self.strengths, self.dice, asked_apart=apart)
        pen = Pen(impression, self.dice, draw, digest)
        return reply_text(prompt.instructions, request.schema, pen)


def simulated_judge(
    preset: str = "", *, seed: int = 0, window_tokens: int = WINDOW_TOKENS, **strengths: float
) -> SimulatedJudge:
    """A simulated judge by preset ("", "perfect", "noise"), seed and changed strengths.

    Raises UsageError, which lists what is known, for another preset or strength.
    """
    return SimulatedJudge(strengths_of(preset, strengths), seed=seed, window_tokens=window_tokens, preset=preset)
