"""A story becomes rows of a table, rows become segments, segments become one long motion."""
