"""Importing other people's trajectories: a reader for each format, and making a task set from what they read.

To add a format, write one module with `recognizes(row)` and `read(path, options)`, and name it in `registry.py`.
"""
