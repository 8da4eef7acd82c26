"""Which word of the prompt is the key to its picture."""

from __future__ import annotations

from engine.core import Lab
from engine.labs.diffusion.views.keywords import (
    describe_words,
    draw_variants,
    draw_words,
    words_table,
)
from pages.kit import form, obtain, palette, say, section, show, show_pictures


def show_keywords(lab: Lab) -> None:
    """Each word left out, and swapped for others of its kind."""
    section(
        "Which word is the key?",
        "Each word is left out, or swapped for another of its kind. All prompts of a seed start "
        "from the same noise.",
    )
    experiment = lab.experiment("words")
    config = form(lab, experiment, fields=("swaps", "seeds"), layout="row")
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    figure = draw_words(result, palette())
    show(figure, "diffusion_words", figure.layout.meta["alt"], export=lambda: words_table(result))
    say(lab, describe_words(result))
    show_pictures(draw_variants(result), "diffusion_word_pictures")
