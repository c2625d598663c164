"""The pages on a run, and the page to label pairs on, served on loopback: `view` and `tasks label`."""
