"""Clustering of unit vectors: k-means, density, defaults that depend on the data, and measures of what was found.

Pure functions from numpy arrays to frozen dataclasses; nothing here knows the store. The unit is the distinct text,
weighted by how often it was asked. Vectors are `[n, d]`, float32 or float16 (a memory map is fine), with rows of unit
length, so that a dot product is a cosine; no function makes a float32 copy of the whole array.
"""
