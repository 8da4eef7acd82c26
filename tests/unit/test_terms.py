"""The words of a lab and where they are found in its sentences."""

from __future__ import annotations

import pytest

from engine.core import labs
from pages.kit.words import names_of


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
