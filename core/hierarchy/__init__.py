"""The tree above the clusters: agglomeration of centroids cut at readable widths, or Clio's method by a language model."""
