"""A form made from an action's parameters, and what its fields offer."""
