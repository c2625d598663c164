"""The stock: programs written beforehand, which stand in for a proposer where there is no model to write any.

    python -m meta_reward.offline.stock

is run in a staging folder, with the history at `$META_REWARD_HISTORY`. A folder for each kind of program holds at most
twelve, some of which help, some of which do nothing, and some of which do harm; all of them were committed before any
was measured. They come in an order that follows from the seed alone, whatever earlier ones were worth. What a search
over them ends with was chosen from a stock, and found by nobody.
"""
