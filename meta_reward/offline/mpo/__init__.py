"""Simulated policies, a simulated judge of texts and a simulated meta model: Meta Policy Optimization without a key.

What is measured with them says nothing about any real model. Their strengths were fixed before anything was measured.
"""
