"""Carrying the edits of one run over to another run of the same queries, by the members of the clusters."""
