"""The proposer `meta`: a model that refines the rubric of a reward by what a policy in training makes of it.

samples     what it is shown: samples of the policy, with what the judge said of them
rubric      the rubric inside a harness: read, and replaced, as text
replies     what the model said, as data
refinement  analyse each sample, refine the rubric for each, merge the refinements into one
proposer    a session of it: one draft, or none and a reason
"""
