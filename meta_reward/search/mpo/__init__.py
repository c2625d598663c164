"""Meta Policy Optimization: a reward that is refined while a policy is optimized against it."""
