"""Memories that live: notes that link and evolve, fade, share buckets, and split into events."""
