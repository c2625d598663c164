"""A harness on a split: rewards for its trajectories, and the numbers that follow from them."""
