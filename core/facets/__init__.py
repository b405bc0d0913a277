"""Facets: one property of each conversation, to count, filter, cross and cluster by (Clio, arXiv 2412.13678, step 1)."""
