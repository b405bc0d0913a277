"""Writing a run to files: queries, clusters, the tree, edits and facets."""
