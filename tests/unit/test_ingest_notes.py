"""Notes, plain texts and papers as passages."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.ingest.read import read_documents
from engine.labs.memory_graph.ingest.split import MOST, split
from engine.labs.memory_graph.openie import Triple
from tests.security.test_ingest_archive import packed
from tests.security.test_ingest_pdf import paper

NOTE = """---
title: The Lime Street House
date: 2024-05-31
aliases: [Lime Street, "the House"]
owner: "[[Elio Marchetti|Elio]]"
tags:
  - places
---
# History

Built by [[people/Orla Fennimore#Work|Orla]], see [plans](drawings/First%20Plan.md).
<b>Still</b> text, and so is ![[a picture.png]].
"""


def test_a_note_of_obsidian() -> None:
    (only,) = read_documents(NOTE.encode(), "vault/house.md")
    assert only.title == "The Lime Street House"
    assert only.when == "2024-05-31"
    assert only.source == "vault/house.md, lines 9-12 (History)"
    assert only.links == ("Elio Marchetti", "Orla Fennimore", "First Plan", "a picture.png")
    assert only.aliases == ("house", "Lime Street", "the House")
    assert only.triples == (
        Triple("The Lime Street House", "owner", "Elio"),
        Triple("The Lime Street House", "tags", "places"),
    )
    assert "Built by Orla, see [plans]" in only.text
    assert "<b>Still</b> text, and so is a picture.png." in only.text


@pytest.mark.parametrize(
    ("text", "words", "links"),
    [
        ("[[A]]", "A", ("A",)),
        ("[[A|alias]]", "alias", ("A",)),
        ("[[A#part]]", "A", ("A",)),
        ("[[A#part|alias]]", "alias", ("A",)),
        ("[[#part]]", "part", ()),
        ("| [[A\\|alias]] |", "| alias |", ("A",)),
        ("[[f/g/A.md]]", "A", ("A",)),
        ("[[A]][[A]] [[B]]", "AA B", ("A", "B")),
        ("[[A\nB]] [[]] [A] [[[1, 2], 3]]", "[[A\nB]]  [A] [[[1, 2], 3]]", ()),
        ("[a](https://example.org/x.md)", "[a](https://example.org/x.md)", ()),
    ],
)
def test_links_in_every_form(text: str, words: str, links: tuple[str, ...]) -> None:
    (only,) = read_documents(text.encode(), "a note.md")
    assert (only.text, only.links) == (words, links)


@pytest.mark.parametrize(
    "text",
    ["---\nno end", "---\n{{date}}: [\n---\nx", "---\n- a list\n---\nx", "----\na: b\n---\nx"],
)
def test_what_is_no_front_matter_stays_text(text: str) -> None:
    (only,) = read_documents(text.encode(), "a.md")
    assert only.text == text


def test_links_lead_to_titles_whatever_they_call_the_note(tmp_path: Path) -> None:
    (tmp_path / "house.md").write_text(NOTE)
    (tmp_path / "day.md").write_text("At [[HOUSE]], in [[lime street]], by [[nobody]].")
    day = read_documents(tmp_path).documents[0]
    assert day.links == ("The Lime Street House", "nobody")


def test_headings_start_passages_and_name_them() -> None:
    body = "word " * 60
    text = f"intro\n\n# One #\n\n{body}\n\n## Two [[X]]\n\n{body}\n"
    found = read_documents(text.encode(), "a.md").documents
    assert [document.source for document in found] == [
        "a.md, lines 1-5",
        "a.md, lines 7-9 (Two X)",
    ]
    assert found[1].text.startswith("## Two X")


def test_a_note_is_dated_by_its_name_where_it_says_nothing() -> None:
    assert read_documents(b"words", "2024-05-31.md").documents[0].when == "2024-05-31"
    assert read_documents(b"words", "2024-05-31 walk.txt").documents[0].when == "2024-05-31"
    assert read_documents(b"words", "walk.txt").documents[0].when is None


def test_a_text_in_passages_with_lines() -> None:
    text = "\n\n".join(["one two three. " * 50] * 3)
    found = read_documents(gzip.compress(text.encode()), "a.txt.gz", keep_rest=True)
    assert [document.title for document in found] == ["a"]
    assert found.duplicates == 2
    found = read_documents(text.replace("one", "1", 1).encode(), "a.txt")
    assert [document.source for document in found] == ["a.txt, line 1", "a.txt, line 3"]


def test_a_paper_in_passages_with_pages() -> None:
    found = read_documents(paper("A heron.", "", "Two herons."), "birds 2024-05-31.pdf")
    assert [(document.text, document.source) for document in found] == [
        ("A heron.", "birds 2024-05-31.pdf, page 1"),
        ("Two herons.", "birds 2024-05-31.pdf, page 3"),
    ]
    assert {document.when for document in found} == {"2024-05-31"}


def test_a_zip_and_a_folder_of_mixed_files_say_the_same(tmp_path: Path) -> None:
    files = {
        "a.md": b"See [[b]].",
        "b.txt": b"A text.",
        "c/d.jsonl": b'{"role": "user", "content": "hi"}',
        "c/e.pdf": paper("A page."),
        "f.png": b"\x89PNG",
        ".obsidian/app.json": b"{}",
    }
    for name, data in files.items():
        (tmp_path / "vault" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / name).write_bytes(data)
    folder = read_documents(tmp_path / "vault")
    upload = read_documents(packed(*files.items()), "vault.zip")
    assert len(folder) == 4
    assert {document.text for document in folder} == {document.text for document in upload}
    assert [str(skipped) for skipped in folder.skipped] == ["f.png: .png is not read"]
    assert [str(skipped) for skipped in upload.skipped] == ["vault.zip/f.png: .png is not read"]
    (tmp_path / "vault.zip").write_bytes(packed(*files.items()))
    (tmp_path / "vault" / "f.png").unlink()
    found = read_documents(tmp_path)
    assert (len(found), found.duplicates) == (4, 4)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("", b'{"role": "user", "content": "hi"}'),
        ("upload", b'[{"role": "user", "content": "hi"}]'),
        ("x", paper("hi")),
        ("", b"hi"),
        ("x.zip", packed(("a.txt", b"hi"))),
        ("no ending", packed(("a.txt", b"hi"))),
    ],
)
def test_a_name_that_says_nothing_is_no_obstacle(name: str, data: bytes) -> None:
    (only,) = read_documents(data, name)
    assert only.text == "hi"


def test_documents_are_a_corpus() -> None:
    corpus = read_documents(b'[{"text": "b", "title": "a", "when": "2024-05-31"}]', "x.json").corpus
    assert corpus.passages[0].content == "a\nb"
    assert corpus.passages[0].when == "2024-05-31"
    assert corpus.passages[0].source == "x.json, entry 1"


def test_a_long_line_is_cut_at_sentences() -> None:
    text = "This is a sentence of some length. " * 200
    pieces = list(split(text))
    assert all(len(piece.text) <= MOST and piece.text.endswith(".") for piece in pieces)
    assert {(piece.first, piece.last) for piece in pieces} == {(1, 1)}


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2024-05-31", "2024-05-31"),
        ("2024-05-31T23:59:59+14:00", "2024-05-31"),
        ("2024-05-31 10:00", "2024-05-31"),
        ("2024/5/1", "2024-05-01"),
        ("1:56 pm on 8 May, 2023", "2023-05-08"),
        ("May 8th, 2023", "2023-05-08"),
        ("8 September 2023", "2023-09-08"),
        ("Tue Sept 5 2023", "2023-09-05"),
        (1_715_000_000, "2024-05-06"),
        (1_715_000_000.5, "2024-05-06"),
        (1_715_000_000_000, "2024-05-06"),
        ("1715000000", "2024-05-06"),
        ("9999-12-31", "9999-12-31"),
        ("2024-02-30", None),
        ("0000-01-01", None),
        ("2024", None),
        (2024, None),
        (True, None),
        (None, None),
        ("", None),
        ("yesterday", None),
        (1e300, None),
        (float("nan"), None),
        (["2024-05-31"], None),
        ("2024-05-31" + " " * 200, None),
    ],
)
def test_dates_as_people_and_programs_write_them(value: object, day: str | None) -> None:
    assert iso_date(value) == day
