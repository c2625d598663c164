"""The model sees no labels and answers in its own words; the label whose name shares most letters with that counts.

A model that is not led may see more. Risk: it does not know what the labels are called.
"""

import difflib
import json

from meta_reward.harness import Example, Model


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep the names of the labels."""
    labels = json.loads(memory or "[]")
    return json.dumps(list(dict.fromkeys([*labels, example.label])), ensure_ascii=False)


async def predict(memory: str, text: str, model: Model) -> str:
    """The label most like what the model says."""
    reply = await model.ask(f"## Text\n\n{text}\n\nSay in a few words what this is about.")
    labels: list[str] = json.loads(memory or "[]")
    if not labels:
        raise ValueError("no label was learnt")

    def likeness(label: str) -> float:
        return difflib.SequenceMatcher(None, label.casefold(), reply.text.casefold()).ratio()

    return max(labels, key=likeness)
