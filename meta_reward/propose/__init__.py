"""Proposers: whatever writes candidates, and how what they leave is collected."""
