"""Other people's trajectories: readers for each format, and a task set made of what they read.

To add a format, write one module with `recognizes(row)` and `read(path, options)`, and name it in `registry.py`.
"""
