"""The pages on a run for a browser: one file by `report`, a server of the same pages by `view`."""
