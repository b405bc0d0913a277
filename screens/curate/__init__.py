"""Edits from the screen: what they are about, asking for what is missing, the review, the history."""
