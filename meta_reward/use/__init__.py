"""Using a finished harness: scoring trajectories from Python, files and HTTP, adapters, training, and exports."""
