"""A simulated reader: classifies a text by the examples and notes that stand in the prompt, and knows nothing else.

**Its numbers say nothing about any real model.** It exists so that searches over programs with a memory, and their
tests, can run without a key, on something that is helped and hindered by what real models were measured to be helped
and hindered by. An answer depends on the request's text, the draw and the seed, and on nothing else.

    terms, lines, prompt   find examples, notes, names of labels and the text to classify in what a program wrote
    classify               weigh their likeness to the text, as far as they are read
    notes                  take an example up in notes, where that is asked for
    reply                  answer in the form that was asked for

It has no knowledge: a label's name says only its words, so what no example, note or name tells is guessed, and where
no label is in sight it makes one up.

    strength    what it does                                   as in
    middle      loses up to half of what stands in the         Liu et al. (2023), Lost in the Middle
                middle of a prompt, the more the longer it is
    attention   overlooks what is beyond 24,000 characters:    Hsieh et al. (2024), RULER
                of twice as many, half
    recency     leans a little to the labels of the last       Zhao et al. (2021), Calibrate Before Use
                four examples
    majority    leans a little to the labels that most         the same
                examples have
    noise       every wording, and every draw, tips close      Sclar et al. (2023), sensitivity to formatting
                cases
    chatter     puts 6% of the labels into a sentence
    collapse    loses lines of notes that it writes anew,      Zhang et al. (2025), Agentic Context Engineering:
                up to 4% each time                             context collapse
"""

from collections.abc import Sequence
from random import Random

from meta_reward.completion import Request
from meta_reward.offline.reader.classify import choose_label
from meta_reward.offline.reader.notes import wants_notes, written_notes
from meta_reward.offline.reader.prompt import read_prompt
from meta_reward.offline.reader.reply import calls_to_make, invented, reply_with
from meta_reward.offline.reader.settings import Strengths, strengths_of
from meta_reward.offline.simulated import SimulatedModel
from meta_reward.trajectory import ToolCall

WINDOW_TOKENS = 128_000


class SimulatedReader(SimulatedModel[Strengths]):
    """Answers from the request alone, the same to the same request, draw and seed."""

    who = "reader"
    kind = "simulated:reader"
    version = 1

    def say(self, request: Request, draw: int, digest: str) -> str | Sequence[ToolCall]:
        of_prompt, of_draw = Random(f"{self.seed} {digest}"), Random(f"{self.seed} {digest} {draw}")
        prompt = read_prompt(request)
        calls = calls_to_make(request, prompt.query)
        if calls:
            return calls
        if wants_notes(prompt):
            return written_notes(prompt, self.strengths, of_draw)
        label = choose_label(prompt, self.strengths, of_prompt=of_prompt, of_draw=of_draw)
        return reply_with(
            label or invented(prompt.query, of_draw),
            schema=request.schema,
            instructions=prompt.instructions,
            query=prompt.query,
            strengths=self.strengths,
            chance=of_draw,
        )


def simulated_reader(*, seed: int = 0, window_tokens: int = WINDOW_TOKENS, **strengths: float) -> SimulatedReader:
    """A simulated reader by seed and changed strengths. Raises UsageError, which lists what is known, for others."""
    return SimulatedReader(strengths_of(strengths), seed=seed, window_tokens=window_tokens)
