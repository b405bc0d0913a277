"""See what people ask a language model for."""

from core import version

__version__ = version.VERSION
