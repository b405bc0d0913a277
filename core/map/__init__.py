"""Maps: the texts of a run in two dimensions, built once, drawn at any zoom."""
