"""Task sets on disk, their splits, and importers for other people's formats."""
