"""Kinds of program: for each, its task sets, what a program is given and may ask, and how a run of it is scored."""
