"""New queries into an old run, and what they say of it."""
