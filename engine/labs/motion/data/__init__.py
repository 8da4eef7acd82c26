"""Recorded motion as models see it: rows, words, and batches that a seed decides."""
