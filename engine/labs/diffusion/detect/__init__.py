"""Scores that are to tell copied prompts from ordinary ones, each from the paper it names."""
