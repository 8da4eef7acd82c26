"""Figures and sentences of every experiment's result."""
