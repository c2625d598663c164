"""The proposer `meta`: a model that refines the rubric of a reward by looking at what a policy in training does.

rubric      the rubric inside a harness: read and replaced as text
replies     parse the model's replies
refinement  analyse each sample, refine the rubric for each, merge the refinements into one
proposer    a session: one draft, or none and a reason

The samples that it looks at are in `meta_reward/run/samples.py`.
"""
