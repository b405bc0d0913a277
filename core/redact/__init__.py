"""Masking what tells who a person is, or opens a door, in every text that leaves the machine."""
