"""Trying a draft before it is submitted: on a few search pairs, within a quota of judge calls."""
