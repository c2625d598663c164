"""The offline proposer: no model, no network, a catalog of mechanisms and a reader of evidence.

    python -m meta_reward.offline.proposer

is run in a staging folder, with the history at `$META_REWARD_HISTORY`. It follows the contract of every
proposer through files alone; it knows no task set, no judge, and no label outside the history.
"""
