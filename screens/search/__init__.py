"""The full search: a line, filters, hits and facets."""
