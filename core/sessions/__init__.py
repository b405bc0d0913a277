"""What a person did, kept as lines of script."""
