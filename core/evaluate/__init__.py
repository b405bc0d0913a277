"""Measuring what was found: how good clusters, names and trees are, and how many clusters to make."""
