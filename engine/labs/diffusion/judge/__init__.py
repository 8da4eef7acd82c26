"""A small network that tells which attributes a scene shows."""
