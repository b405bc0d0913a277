"""Calling language models: providers, limits, prices, prompts, and the loop that never pays twice."""
