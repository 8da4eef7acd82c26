"""A small network that is trained on procedural motion, and what it makes on the way."""
