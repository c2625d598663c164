"""What a finished harness is good for: scores of trajectories, from Python and from files, and exports."""
