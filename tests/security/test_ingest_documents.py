"""Documents from strangers: one sentence for what cannot be read, and the rest is read."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.memory_graph.ingest import document, read
from engine.labs.memory_graph.ingest.read import read_documents
from tests.security.test_ingest_archive import packed
from tests.security.test_ingest_pdf import encrypted, paper

DOCTYPE = (
    b'<?xml version="1.0"?><!DOCTYPE graphml [<!ENTITY a "aaaaaaaaaa">%s]><graphml>%s</graphml>'
)
ENTITIES = DOCTYPE % (
    b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 10) for c in b"bcdefgh"),
    b"&h;",
)
OUTSIDE = DOCTYPE % (b'<!ENTITY x SYSTEM "file:///etc/passwd">', b"&x;")
GRAPH = (
    b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    b'<graph edgedefault="directed">%s</graph></graphml>'
)
TURN = b'{"role": "user", "content": "hello", "date": "2024-05-01"}\n'

BAD: dict[str, tuple[str, bytes, str]] = {
    "empty text": ("a.txt", b"", "empty"),
    "empty note": ("a.md", b" \n\n", "empty"),
    "empty chat": ("a.jsonl", b"\n", "empty"),
    "empty upload": ("", b"", "empty"),
    "front matter only": ("a.md", b"---\ntitle: A\n---\n", "no text below"),
    "binary text": ("a.txt", bytes(range(256)), "zero byte at offset 0"),
    "binary note": ("a.md", b"\x01\x02\x03\x04\x05\x06" * 99, "binary file"),
    "binary chat": ("a.json", b"{" + bytes(9), "binary file"),
    "binary graph": ("a.graphml", bytes(range(256)), "no well-formed XML"),
    "picture": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "zero byte"),
    "Latin-1": ("a.txt", "Zürich".encode("latin-1"), "not UTF-8 at byte offset 1"),
    "UTF-16": ("a.md", "Zürich".encode("utf-16"), "UTF-8"),
    "gigantic text": ("a.txt", b"word " * 4_100_000, "at most 20 MB"),
    "gigantic note": ("a.md", b"word " * 4_100_000, "at most 20 MB"),
    "gigantic chat": ("a.jsonl", TURN * 1_200_000, "at most 64 MB"),
    "gigantic graph": ("a.graphml", b" " * 32_000_001 + b"<graphml/>", "at most 32 MB"),
    "gzip bomb": ("a.txt.gz", gzip.compress(b" " * 50_000_000), "more than"),
    "zip bomb": ("a.zip", packed(("a.txt", bytes(50_000_000))), "tighter than 100 to 1"),
    "zip that leaves": ("a.zip", packed(("../a.md", b"x")), "leaves the folder"),
    "zip in a zip": ("a.zip", packed(("b.zip", packed(("a.md", b"x")))), "archive inside"),
    "zip in disguise": ("a.md", packed(("b.md", packed(("a.md", b"x")))), "archive inside"),
    "zip of nothing": ("a.zip", packed(("a.png", b"x")), ".png is not read"),
    "hidden only": ("a.zip", packed((".obsidian/a.json", b"{}")), "nothing here can be read"),
    "PDF of pictures": ("a.pdf", paper("", ""), "no text, only pictures"),
    "encrypted PDF": ("a.pdf", encrypted(), "encrypted"),
    "PDF cut off": ("a.pdf", b"%PDF-1.4\n1 0 obj", "damaged"),
    "text as PDF": ("a.pdf", b"hello", "no PDF file"),
    "bad line": ("a.jsonl", TURN + b'{"role": \n' + TURN, "line 2: this is not JSON"),
    "line of no text": ("a.jsonl", TURN + b'{"n": 1}\n', 'line 2: a text "content"'),
    "number a line": ("a.jsonl", TURN + b"7\n", "line 2: a JSON object"),
    "bad entry": ("a.json", b'[{"content": "a"}, 3]', "entry 2: a JSON object"),
    "bad message": ("a.json", b'{"messages": [{"content": "a"}, 3]}', "messages 2: a JSON object"),
    "bad inner": ("a.jsonl", b'{"messages": [{"turns": [1]}]}', "messages 1: turns 1: a JSON"),
    "silent chat": ("a.json", b'[{"role": "user", "content": ""}]', "no text"),
    "deep lists": ("a.json", b'{"data": [' * 9 + b"]}" * 9, "nested deeper than 4"),
    "deeper than JSON": ("a.json", b"[" * 100_000, "not JSON"),
    "half a character": ("a.json", b'{"content": "\\ud800"}', "not JSON"),
    "triples alone": ("a.json", b'{"idx": 1, "triples": [["a", "b", "c"]]}', "without the text"),
    "entity bomb": ("a.graphml", ENTITIES, "DOCTYPE"),
    "entity from outside": ("a.graphml", OUTSIDE, "DOCTYPE"),
    "DOCTYPE in UTF-16": ("a.graphml", OUTSIDE[21:].decode().encode("utf-16"), "DOCTYPE"),
    "XML cut off": ("a.graphml", GRAPH[:40], "no well-formed XML"),
    "HTML as graph": ("a.graphml", b"<html><body>x</body></html>", "no GraphML"),
    "graph without nodes": ("a.graphml", GRAPH % b"", "no nodes"),
    "deep graph": ("a.graphml", b"<a>" * 70 + b"</a>" * 70, "deeper than 64"),
    "unknown key": ("a.graphml", GRAPH % b'<node id="a"><data key="q">1</data></node>', "GraphML"),
    "unknown encoding": ("a.graphml", b'<?xml version="1.0" encoding="ebcdic-x"?><a/>', "XML"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_uploads_get_one_sentence(name: str) -> None:
    file, data, words = BAD[name]
    with pytest.raises(BadInput, match=words) as caught:
        read_documents(data, file)
    assert caught.value.field == "documents"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_among_others_bad_files_are_skipped_with_the_same_reasons(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("A heron on the weir.")
    for number, (file, data, _) in enumerate(BAD.values()):
        if len(data) < 1_000_000 and file:
            (tmp_path / f"{number}{file}").write_bytes(data)
    found = read_documents(tmp_path)
    assert [document.text for document in found] == ["A heron on the weir."]
    assert found.skipped_count >= len(found.skipped) > 30
    reasons = {skipped.source: skipped.reason for skipped in found.skipped}
    for number, (file, data, words) in enumerate(BAD.values()):
        if len(data) < 1_000_000 and file not in ("", "a.zip", "a.png"):
            assert words in reasons.get(f"{number}{file}", words), file


@pytest.mark.parametrize("name", ["bad line", "line of no text", "number a line", "bad message"])
def test_the_rest_of_a_file_is_kept_on_request(name: str) -> None:
    file, data, words = BAD[name]
    found = read_documents(data, file, keep_rest=True)
    assert {document.text for document in found} <= {"hello", "a"}
    assert found.skipped_count == 1
    place, _, reason = words.partition(": ")
    assert place in str(found.skipped[0])
    assert reason in found.skipped[0].reason


def test_many_bad_lines_are_counted_and_some_told() -> None:
    found = read_documents(TURN + b"x\n" * 500, "a.jsonl", keep_rest=True)
    assert found.skipped_count == 500
    assert 0 < len(found.skipped) <= 100


def test_duplicates_are_dropped_and_counted(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.txt"):
        (tmp_path / name).write_text("The same  words.\n" if name == "b.md" else "The same words.")
    found = read_documents(tmp_path)
    assert [document.source for document in found] == ["a.md, line 1"]
    assert found.duplicates == 2


def test_people_say_yes_twice_and_a_copied_chat_says_nothing_new(tmp_path: Path) -> None:
    rows = [("Ann", "2024-05-01"), ("Bob", "2024-05-01"), ("Ann", "2024-05-02")]
    lines = [json.dumps({"speaker": who, "text": "yes", "date": day}) for who, day in rows]
    for name in ("a.jsonl", "copy.jsonl"):
        (tmp_path / name).write_text("\n".join(lines))
    found = read_documents(tmp_path)
    assert [(document.title, document.when) for document in found] == rows
    assert found.duplicates == 3


def test_circles_of_links_are_links(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("See [[b]] and [[a]].")
    (tmp_path / "b.md").write_text("See [[a]] and [[nowhere]].")
    found = read_documents(tmp_path)
    assert [document.links for document in found] == [("b", "a"), ("a", "nowhere")]


MARKUP = "<script>alert(1)</script> <img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.md", f"---\ntitle: '{MARKUP}'\n---\n{MARKUP}".encode()),
        ("a.json", json.dumps({"title": MARKUP, "text": MARKUP}).encode()),
        ("a.json", json.dumps({"speaker": MARKUP, "text": MARKUP}).encode()),
        (f"{MARKUP.replace('/', '|')}.txt", MARKUP.encode()),
    ],
)
def test_html_and_script_stay_text(name: str, data: bytes) -> None:
    (only,) = read_documents(data, name)
    assert only.title.replace("|", "/") == MARKUP
    assert only.text == MARKUP


def test_markup_in_a_graph_stays_text() -> None:
    label = b'<key id="l" for="node" attr.name="label" attr.type="string"/>'
    data = GRAPH.replace(b"<graph ", label + b"<graph ")
    node = b'<node id="a"><data key="l">&lt;script&gt;1&lt;/script&gt;</data></node>'
    (only,) = read_documents(data % node, "a.graphml")
    assert only.title == only.text == "<script>1</script>"


def test_dates_in_the_future_are_kept_and_told() -> None:
    rows = b'{"text": "later", "date": "2031-01-01"}\n{"text": "now", "date": "2024-05-01"}\n'
    found = read_documents(rows, "a.jsonl", today=date(2024, 5, 1))
    assert [document.when for document in found] == ["2031-01-01", "2024-05-01"]
    assert found.notices == (
        "one passage has a date in the future (first 2031-01-01 in a.jsonl, line 1)",
    )


def test_dates_that_are_none_are_told_and_left_out() -> None:
    found = read_documents(b'{"text": "a", "date": "2024-02-31"}', "a.jsonl")
    assert found.documents[0].when is None
    assert found.notices == ("a.jsonl: '2024-02-31' in 'date' is no date",)


def test_aliases_and_merge_keys_of_yaml_are_never_expanded() -> None:
    levels = "".join(
        f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}\n" for n in range(1, 9)
    )
    text = f"---\nl0: &l0 {{a: b}}\n{levels}title: !!python/object/apply:os.getcwd []\n---\nwords"
    (only,) = read_documents(text.encode(), "a.md")
    assert (only.title, only.text) == ("a", "words")


def test_links_and_devices_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("words")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "linked").symlink_to(outside)
    (folder / "circle").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    found = read_documents(folder)
    assert [document.text for document in found] == ["words"]
    sources = sorted(skipped.source for skipped in found.skipped)
    assert sources == ["circle", "link.txt", "linked", "pipe.txt"]


@pytest.mark.parametrize("path", ["", "missing", "a\0b", "a" * 5000, "~nobody-here/x", "pipe"])
def test_what_is_no_file_is_not_opened(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="documents"):
        read_documents(path)


def test_numbers_of_files_bytes_and_passages_are_capped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"words {number}")
    monkeypatch.setattr(document, "MOST_DOCUMENTS", 2)
    with pytest.raises(BadInput, match="at most 2 passages"):
        read_documents(tmp_path)
    monkeypatch.setattr(read, "MOST_BYTES", 20)
    with pytest.raises(BadInput, match="at most 2e-05 MB of a folder"):
        read_documents(tmp_path)
    monkeypatch.setattr(read, "MOST_FILES", 1)
    with pytest.raises(BadInput, match="more than 1 files"):
        read_documents(tmp_path)


def tried(data: bytes, name: str, keep_rest: bool = False) -> None:
    try:
        read_documents(data, name, keep_rest=keep_rest)
    except BadInput as error:
        assert error.field == "documents"
        assert "\n" not in str(error)


NAMES = st.sampled_from(["a.md", "a.txt", "a.json", "a.jsonl", "a.graphml", "a.pdf", "a.zip", ""])


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200), NAMES)
def test_any_bytes_give_documents_or_a_sentence(data: bytes, name: str) -> None:
    tried(data, name)


KEYS = [
    "role", "content", "text", "date", "mapping", "message", "messages", "conversation",
    "session_1", "create_time", "memory", "dia_id", "triples", "source", "target", "relation",
    "title", "sentences", "author",
]  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(JSON, st.booleans())
def test_any_json_gives_documents_or_a_sentence(value: object, keep_rest: bool) -> None:
    tried(json.dumps(value).encode(), "a.json", keep_rest)


@settings(deadline=None, max_examples=200)
@given(st.text("-:#[]{}|>&*!ab\n \t'\"", max_size=60), st.text("[]|#!ab/\\\n", max_size=60))
def test_any_note_is_read_or_refused(front: str, body: str) -> None:
    tried(f"---\n{front}\n---\n{body}".encode(), "a.md")


WHOLE = GRAPH % b'<node id="a"/><node id="b"/><edge source="a" target="b"/>'


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(32, 127)), max_size=4))
def test_any_damaged_graph_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    tried(bytes(data), "a.graphml")
