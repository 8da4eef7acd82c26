"""Words and files of strangers on the memory-graph page: shown as words, bounded, told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from engine.core import BadInput
from engine.io.pack import pack_files
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.corpus import load_corpus
from engine.labs.memory_graph.ingest.read import read_documents
from engine.labs.memory_graph.language.address import is_open
from engine.labs.memory_graph.memory_write import MOST_NAMES
from engine.labs.memory_graph.questions import load_questions
from engine.store import Store
from pages.kit.words import _calm
from pages.panels.memory_graph import own_acts
from tests.app.test_pages import texts, visit

OUTSIDE = (
    "![x](http://evil.example/x.png) [log in](http://evil.example) <b>b</b> $x^2$ www.evil.org"
)


def test_sentences_carry_no_links_pictures_formulas_or_tags() -> None:
    calm = _calm(f"**{OUTSIDE}** at a@b.example")
    assert calm.startswith("**")
    for mark in ("[", "]", "<", "$", "@"):
        assert all(calm[i - 1] == "\\" for i, letter in enumerate(calm) if letter == mark)
    assert "http\\://" in calm and "www\\." in calm


@pytest.mark.parametrize("view", ["wavefront", "duel", "why"])
def test_notes_and_questions_of_a_stranger_are_words(view: str) -> None:
    note = f"# Bob\n\nAlice Bob met Carol Dee. {OUTSIDE}"
    corpus = Store.open().inputs.put(pack_files([("Alice Bob.md", note.encode())]), "notes")
    query = {
        "memory_graph.view": view,
        "memory_graph.corpus": corpus,
        "memory_graph.ask": f"Where is Alice Bob {OUTSIDE}",
    }
    said = texts(visit("memory_graph", **query))
    assert "![x](" not in said and "[log in](http" not in said


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize("at", ["²", "9" * 5000, "-1", "1e9", "<b>"])
def test_an_absurd_place_in_a_link_is_no_place(at: str) -> None:
    app = visit("memory_graph", **{"memory_graph.view": "overview", "memory_graph.at": at})
    assert not app.exception and not app.error


def test_aliases_of_yaml_do_not_multiply() -> None:
    links = "[[a]]" * 500
    note = f'---\nb: &a "{links}"\nc: [{", ".join(["*a"] * 8_000)}]\n---\nwords\n'
    (document,) = read_documents(note.encode(), "n.md")
    assert document.text == "words" and not document.links


def test_a_note_holds_so_many_names_and_no_more() -> None:
    names = ". ".join(f"Ana Q{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}"
                      for i in range(MOST_NAMES + 10))  # fmt: skip
    with Memory.open() as memory, pytest.raises(BadInput, match="names"):
        memory.add(names, title="List")


def test_a_server_for_others_merges_only_what_a_page_can_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ENGRAM_LOCAL", raising=False)
    with Memory.open() as memory:
        for i in range(3):
            memory.add(f"Ana Marsh met Bo Lind in {1900 + i}.")
        entries = memory.entries()
    own_acts._admit_merge(entries)
    monkeypatch.setattr(own_acts, "MERGE_NOTES", 2)
    with pytest.raises(BadInput, match="merges at most 2 notes at a time"):
        own_acts._admit_merge(entries)
    monkeypatch.setenv("ENGRAM_LOCAL", "1")
    own_acts._admit_merge(entries)


@pytest.mark.parametrize(
    "row",
    [
        {"question": "?", "supporting_facts": [[["x"], 1]]},
        {"question": "?", "evidence": ["a"], "conv": ["x"]},
        {"question": "?", "gold": [True]},
        {"question": "?", "gold": [{}]},
    ],
)
def test_gold_of_the_wrong_kind_is_named_with_its_line(row: dict[str, object]) -> None:
    corpus = load_corpus(b'{"idx": 0, "title": "a", "text": "b"}\n{"idx": 1, "text": "c"}')
    with pytest.raises(BadInput, match="questions: line 1: "):
        load_questions(json.dumps(row).encode(), corpus)


@pytest.mark.parametrize("count", [-5, 9_223_372_036_854_775_807])
def test_a_memory_with_an_impossible_count_is_damaged(tmp_path: Path, count: int) -> None:
    path = tmp_path / "m.memory"
    with Memory.open(path) as memory:
        memory.add("Ana Marsh met Bo Lind.")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE totals SET passages = ?", (count,))
    with Memory.open(path) as memory, pytest.raises(BadInput, match="damaged"):
        len(memory)


def test_numbers_and_letters_that_no_memory_has() -> None:
    with Memory.open() as memory:
        memory.add("Ana Marsh met Bo Lind.")
        with pytest.raises(BadInput):
            memory.get(10**30)
        with pytest.raises(BadInput):
            memory.history(10**30)
        assert isinstance(memory.search("\ud800\ud801"), list)


@pytest.mark.parametrize("address", ["fec0::1", "192.88.99.1"])
def test_withdrawn_networks_are_not_the_open_one(address: str) -> None:
    assert not is_open(address)
