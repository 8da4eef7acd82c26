"""The words of a lab and where they are found in its sentences."""

from __future__ import annotations

import re

import pytest

from engine.core import labs
from pages.kit.words import filled, names_of


@pytest.mark.parametrize("lab", labs().values(), ids=lambda lab: lab.name)
def test_every_lab_defines_its_words_in_one_sentence(lab) -> None:
    assert len(lab.terms) >= 8
    for term, meaning in lab.terms.items():
        assert term and meaning.endswith("."), term


@pytest.mark.parametrize(
    ("term", "text", "met"),
    [
        ("Key, value", "the keys of a layer", True),
        ("Key, value", "a Value of zero", True),
        ("Key, value", "keyboard", False),
        ("KV head", "over 8 KV heads", True),
        ("nat", "0.1 nat", True),
        ("nat", "a natural order", False),
        ("Top-1 agreement", "the top-1 agreement", True),
        ("KL", "mean KL-divergence", False),
    ],
)
def test_a_term_is_met_as_a_word_of_its_own(term: str, text: str, met: bool) -> None:
    assert bool(names_of(term).search(text)) is met


@pytest.mark.parametrize("lab", labs().values(), ids=lambda lab: lab.name)
def test_every_coloured_symbol_of_the_notes_becomes_a_colour(lab) -> None:
    for heading, note in lab.notes.items():
        shown = filled(note, {})
        assert "\\c1{" not in shown and not re.search(r"\\c\d", shown), heading


def test_a_symbol_may_hold_braces_of_its_own() -> None:
    assert filled(r"$\c4{\text{exact keys} t}$", {}).count(r"\textcolor{#") == 1
