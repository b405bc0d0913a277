"""What is asked more, or less, than before, and whether that is more than chance."""
