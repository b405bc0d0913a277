"""Embedding models: texts in, unit vectors out; nothing here knows the store."""
