"""Two groupings of the same queries side by side: how far they agree, and what became of each cluster."""
