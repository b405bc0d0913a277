"""Runs and jobs, and the steps that can be started."""
