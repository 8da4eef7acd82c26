"""The diffusion lab: where a model keeps the pictures it copied, and what pruning removes."""
