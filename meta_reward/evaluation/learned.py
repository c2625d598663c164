"""A control without an LLM: a linear model of words and tool calls, trained on trusted pairs or labels.

A harness that does not beat it has found nothing that counting words would not find. Needs scikit-learn, which comes
with the extra `controls`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meta_reward.errors import UsageError
from meta_reward.tasks.features import FEATURES
from meta_reward.trajectory import Pair, Rollout, Trajectory

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_WORD = re.compile(r"[^\W\d_]{2,}")
_STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_DEFAULT_STRENGTH = 1.0
_FOLDS = 5
_NEEDS = "the learned control needs scikit-learn"
_HINT = "pip install 'meta-reward[controls]', or leave controls out with --no-controls"


def learned_rewards(
    training: Mapping[str, Rollout], pairs: Sequence[Pair], rollouts: Sequence[Rollout]
) -> dict[str, float]:
    """A score without unit for each rollout, by id; the more it resembles preferred trajectories, the higher.

    Logistic regression without an intercept on the difference of two trajectories: TF-IDF of the agent's words, counts
    of calls per tool, and a few totals. Cross-validation with folds of whole tasks chooses the regularisation.
    training: rollouts by id, with both sides of every pair. Raises UsageError without scikit-learn, or without pairs.
    """
    if not pairs:
        raise UsageError("there are no pairs to train the learned control on")
    both = [*training.values(), *rollouts]
    rows = _features([rollout.trajectory for rollout in both], fit_on=len(training))
    place = {id: at for at, id in enumerate(training)}
    apart = rows[[place[pair.preferred] for pair in pairs]] - rows[[place[pair.other] for pair in pairs]]
    weights = _fit(apart, _best_strength(apart, [pair.task for pair in pairs])).coef_[0]
    scores = rows[len(training) :] @ weights
    return {rollout.id: float(score) for rollout, score in zip(rollouts, scores, strict=True)}


def _features(trajectories: Sequence[Trajectory], *, fit_on: int) -> "csr_matrix":
    """One row per trajectory. fit_on: vocabulary and scales come from this many trajectories at the start."""
    try:
        from scipy.sparse import hstack
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import MaxAbsScaler
    except ImportError:
        raise UsageError(_NEEDS, hint=_HINT) from None
    texts, counts = [_words(t) for t in trajectories], [_counts(t) for t in trajectories]
    words = TfidfVectorizer(analyzer=str.split, sublinear_tf=True)
    calls, scale = DictVectorizer(), MaxAbsScaler()
    parts: list[Any] = []
    if any(texts[:fit_on]):
        parts.append(words.fit(texts[:fit_on]).transform(texts))
    scale.fit(calls.fit_transform(counts[:fit_on]))
    parts.append(scale.transform(calls.transform(counts)))
    return hstack(parts).tocsr()


def _words(trajectory: Trajectory) -> str:
    said = (message.content for message in trajectory.messages if message.role == "assistant")
    return " ".join(word for text in said for word in _WORD.findall(text.lower()))


def _counts(trajectory: Trajectory) -> dict[str, float]:
    """The number of calls of each tool, and the totals that `tasks check` looks at too."""
    counts: dict[str, float] = {name: feature(trajectory) for name, feature in FEATURES.items()}
    for message in trajectory.messages:
        for call in message.tool_calls if message.role == "assistant" else ():
            counts[f"calls of {call.name}"] = counts.get(f"calls of {call.name}", 0) + 1
    return counts


def _fit(apart: "csr_matrix", strength: float) -> Any:
    """A model of which side is preferred. apart: preferred minus other, one row per pair; each is used both ways."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    labels = [1] * apart.shape[0] + [0] * apart.shape[0]
    return LogisticRegression(C=strength, fit_intercept=False, max_iter=1000).fit(vstack([apart, -apart]), labels)


def _best_strength(apart: "csr_matrix", tasks: Sequence[str]) -> float:
    """The inverse regularisation strength that does best on left-out tasks; among equals, the strongest one."""
    from sklearn.model_selection import GroupKFold

    folds = min(_FOLDS, len(set(tasks)))
    if folds < 2:
        return _DEFAULT_STRENGTH
    won = dict.fromkeys(_STRENGTHS, 0.0)
    for kept, left_out in GroupKFold(folds).split(apart, groups=tasks):
        for strength in _STRENGTHS:
            margins = apart[left_out] @ _fit(apart[kept], strength).coef_[0]
            won[strength] += float((margins > 0).sum() + (margins == 0).sum() / 2)
    return max(won, key=won.__getitem__)


def learned_labels(training: Sequence[tuple[str, str]], texts: Sequence[str]) -> list[str]:
    """The label of each text, predicted by logistic regression on TF-IDF of words and of letter sequences.

    training: texts with their labels. Raises UsageError without scikit-learn, or without training.
    """
    if not training:
        raise UsageError("there is nothing to train the learned control on")
    if len({label for _, label in training}) == 1 or not texts:
        return [training[0][1]] * len(texts)
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union
    except ImportError:
        raise UsageError(_NEEDS, hint=_HINT) from None
    features = make_union(
        TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\w+"),
        TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 4)),
    )
    model = make_pipeline(features, LogisticRegression(C=10.0, max_iter=1000))
    model.fit([text for text, _ in training], [label for _, label in training])
    return [str(label) for label in model.predict(list(texts))]
