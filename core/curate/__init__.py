"""Correcting by hand what an algorithm made: edits that can be undone, audited and replayed."""
