"""Studies: questions about finished searches, each answered in a folder of its own under runs/."""
