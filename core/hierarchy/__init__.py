"""The tree above the clusters: agglomeration of centroids cut at readable widths."""
