"""The offline world: simulated trajectories and a simulated judge. Their numbers say nothing about any real model."""
