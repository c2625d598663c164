"""The providers of models: one file each, over their own clients, and what these share."""
