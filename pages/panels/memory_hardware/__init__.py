"""The views of the memory-hardware page."""
