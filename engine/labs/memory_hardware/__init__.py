"""The memory-hardware lab."""
