"""The offline proposer: no model, no network, a catalog of mechanisms and a reader of evidence.

    python -m meta_reward.offline.proposer

run in a staging folder, with the history at `$META_REWARD_HISTORY`. Keeps the contract of every
proposer through files alone, and knows no task set, no label outside the history, and no judge.
"""
