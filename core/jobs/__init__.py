"""Jobs: the long work of this process and others, with progress, log, cancel and resume."""
