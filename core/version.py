"""The program's version, as it is kept with a run."""

VERSION = "0.1.0"
