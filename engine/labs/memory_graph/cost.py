"""Rough CPU seconds of a run, said before it starts; measured with the embedded model."""

from __future__ import annotations

from engine.labs.memory_graph.config import EventsConfig, OrderConfig

MODEL_START = 2.5  # torch and the weights
PER_TOKEN = 0.4e-3  # windows of 512 tokens that overlap by half
PER_WORD = 0.02e-3


def events(settings: EventsConfig) -> float:
    """A pass of the language model, or none."""
    if settings.surprise_by == "ngram" and settings.alike == "sentences":
        return 0.5 + PER_WORD * settings.tokens
    return MODEL_START + PER_TOKEN * settings.tokens


def order(settings: OrderConfig) -> float:
    """Two look-ups a pair and order in which it is asked, for three memories."""
    return 0.5 + PER_WORD * settings.excerpt_words + 1e-3 * settings.per_bin
