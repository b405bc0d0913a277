"""The reader of one whole conversation."""
