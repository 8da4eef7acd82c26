"""Optimizer state between GPU and host: what one update step does on each resource, and when."""
