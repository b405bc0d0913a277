"""The queries of a run in two dimensions."""
