"""See what people ask a language model for."""

__version__ = "0.1.0"
