"""Names found without a model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.extract import extract, longest_phrases, query_entities, spans
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.phrases import normalise, normalise_ascii


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The prize went to Marie Curie in 1903.", [["Marie Curie", "1903"]]),
        ("She met Pierre. He was born in Paris.", [["Pierre"], ["Paris"]]),
        ("G. Stanley Hall led the University of Copenhagen.",
         [["G. Stanley Hall", "University of Copenhagen"]]),
        ("Akinoshu Kenji's town lies near Lyon", [["Akinoshu Kenji", "Lyon"]]),
        ("Charles de Gaulle met Beyoncé and Élodie", [["Charles de Gaulle", "Beyoncé", "Élodie"]]),
        ("Rolls & Royce and Jean-Luc Picard", [["Rolls & Royce", "Jean-Luc Picard"]]),
        ("in 1903, 12 men and 12345 others", [["1903"]]),
        ("Leland, North Carolina", [["Leland", "North Carolina"]]),
        ("Москва и Анна Каренина", [["Москва", "Анна Каренина"]]),
        ("no names here", []),
        ("", []),
    ],
)  # fmt: skip
def test_names_of_a_text(text: str, found: list[list[str]]) -> None:
    assert spans(text) == found


def test_a_text_in_capitals_is_cut_into_names() -> None:
    (found,) = spans("WE ARE " + "LOUD " * 100_000)
    assert {name.count(" ") for name in found[:-1]} == {11}


def test_a_passage_s_triples() -> None:
    passage = Passage("Tarn", "The Heron Bridge crosses Port Merrow. Ada Marsh built it.")
    assert extract(passage) == [
        Triple("Tarn", "mentions", "Heron Bridge"),
        Triple("Tarn", "mentions", "Port Merrow"),
        Triple("Heron Bridge", "near", "Port Merrow"),
        Triple("Tarn", "mentions", "Ada Marsh"),
    ]
    assert extract(Passage("", "Ada met Otto.")) == [Triple("Ada", "near", "Otto")]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who was the author of Bubye River?", ["Bubye River"]),
        ("Besides Lyon, what did Ada see in 1903?", ["Lyon", "Ada", "1903"]),
        ("what is a county?", []),
        ("誰が橋を建てましたか", []),
    ],
)
def test_names_of_a_question(question: str, names: list[str]) -> None:
    assert query_entities(question) == names


def test_phrases_of_a_question_are_the_longest_that_are_known() -> None:
    known = {"heron bridge", "bridge", "tea", "is"}
    words = ["is", "the", "heron", "bridge", "older", "than", "tea"]
    assert longest_phrases(words, known) == ["heron bridge", "tea"]


def test_phrases_are_normalised_as_by_hipporag_or_for_every_script() -> None:
    assert normalise_ascii(" Person-centered (Therapy) ") == "person centered  therapy"
    assert normalise("  Beyoncé_Knowles—Carter ") == "beyoncé knowles carter"
    assert normalise("Анна") == "анна"
    assert normalise_ascii("Анна") == ""


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_text_gives_names_that_stand_in_it(text: str) -> None:
    for sentence in spans(text):
        assert sentence
        for name in sentence:
            assert name and name in text


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_a_normalised_phrase_stays_as_it_is(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "  " not in once and once == once.strip()


def test_a_greeting_opens_a_sentence_and_may_begin_a_name_within_one() -> None:
    assert spans("Hello Ada Marsh. We've met, and I'm glad.") == [["Ada Marsh"]]
    assert spans("She sang Hello Love and It'll Be Me.") == [["Hello Love", "It'll Be Me"]]
