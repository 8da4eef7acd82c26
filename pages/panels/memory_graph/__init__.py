"""The views of the memory-graph page, one a file."""
