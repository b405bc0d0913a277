"""Clusters over time, and two windows of time side by side."""
