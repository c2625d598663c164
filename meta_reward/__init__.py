"""meta-reward: search over the harness around an LLM judge until its rewards can be trusted."""

__version__ = "0.1.0"
