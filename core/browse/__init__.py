"""The tree as a person sees it: its order, what a filter leaves of it, and a page of its nodes, clusters and queries."""
