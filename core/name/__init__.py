"""Names without a language model: phrases, titles and descriptions from the texts alone."""
