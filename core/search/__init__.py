"""Search: words by FTS5, meaning by vectors, both fused; filters before the best are taken, totals exact."""
