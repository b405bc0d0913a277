"""The first screen: runs, tree, detail and search, and what fills each pane."""
