"""Texts that fit badly where they are, or stand there many times over."""
