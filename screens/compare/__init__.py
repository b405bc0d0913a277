"""Two runs, or two trees, side by side."""
