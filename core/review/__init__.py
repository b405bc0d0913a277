"""Which clusters need a person, and why."""
