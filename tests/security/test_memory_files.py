"""Files that claim to be memories: every one opens, or is refused in one sentence."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.core.errors import BadInput, EngramError
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.memory_read import METHODS
from engine.labs.memory_graph.memory_store import APPLICATION, MIGRATIONS
from engine.labs.memory_graph.openie import Triple
from tests.memory_corpora import PASSAGES


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    with Memory.open(tmp_path / "town") as memory:
        for passage in PASSAGES:
            memory.add(passage.text, title=passage.title, when="1871-01-01")
        memory.add("x", title="Otto Linde", triples=[Triple("Otto Linde", "is", "Otto Lind")])
        memory.forget("1871-01-02", least=0.1)
    return tmp_path / "town"


def use(path: Path) -> None:
    """Everything that reads a memory."""
    with Memory.open(path, create=False) as memory:
        for method in METHODS:
            memory.ask("Who painted the Heron Bridge?", 9, method)
        memory.explain(1, "Heron Bridge", "hipporag2")
        memory.add("Otto Linde saw the Heron Bridges.", title="New")
        memory.forget("1871-01-05")
        memory.history(1)
        memory.counts()
        memory.export(path.with_suffix(".jsonl"))


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_whole_memory_is_used(stored: Path) -> None:
    use(stored)


@pytest.mark.parametrize(
    "data", [b"x", b"SQLite format 3\0", b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_another_file_is_no_memory(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BadInput, match="memory"):
        use(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == data, "what is refused stays as it is"


def test_another_program_s_database_is_not_touched(tmp_path: Path) -> None:
    change(tmp_path / "other", "CREATE TABLE precious (a)", "INSERT INTO precious VALUES (1)")
    before = (tmp_path / "other").read_bytes()
    with pytest.raises(BadInput, match="is not a memory"):
        Memory.open(tmp_path / "other")
    assert (tmp_path / "other").read_bytes() == before


def test_a_newer_version_says_so(stored: Path) -> None:
    change(stored, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(BadInput, match="newer Engram Lab"):
        Memory.open(stored)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(stored: Path, share: float) -> None:
    size = int(stored.stat().st_size * share)
    os.truncate(stored, size)
    with pytest.raises(BadInput, match=r"cut off|not a memory"):
        use(stored)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON passages BEGIN DELETE FROM passages; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE more (a)",
        "DROP TABLE totals",
        "ALTER TABLE history ADD COLUMN more TEXT",
    ],
)
def test_other_tables_are_refused(stored: Path, statement: str) -> None:
    change(stored, statement)
    with pytest.raises(BadInput, match="tables of this file"):
        Memory.open(stored)


def test_a_memory_made_of_other_tables(tmp_path: Path) -> None:
    change(
        tmp_path / "x",
        "CREATE TABLE passages (id)",
        f"PRAGMA application_id = {APPLICATION}",
        f"PRAGMA user_version = {len(MIGRATIONS)}",
    )
    with pytest.raises(BadInput, match="tables of this file"):
        Memory.open(tmp_path / "x")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET subject = 9223372036854775807 WHERE id = 1",
        "UPDATE mentions SET fact = -5 WHERE passage = 1 AND fact = 1",
        "DELETE FROM phrases WHERE id = 1",
        "UPDATE passages SET strength = -1",
        "UPDATE passages SET gone = 9223372036854775807",
        "UPDATE passages SET recalled = -3",
        "UPDATE passages SET words = -99",
        "UPDATE mentions SET count = 9223372036854775807",
        "UPDATE synonyms SET cosine = 1e308",
        "UPDATE synonyms SET cosine = -1",
        "DELETE FROM totals",
    ],
)
def test_rows_that_no_memory_writes(stored: Path, statement: str) -> None:
    change(stored, "PRAGMA ignore_check_constraints = ON", "PRAGMA foreign_keys = OFF", statement)
    with pytest.raises(BadInput, match="damaged"):
        use(stored)


def test_flipped_bytes_never_end_in_another_error(stored: Path, tmp_path: Path) -> None:
    chance = random.Random(1)
    data = stored.read_bytes()
    for _ in range(60):
        hurt = bytearray(data)
        for _ in range(chance.choice([1, 4, 40])):
            hurt[chance.randrange(len(hurt))] = chance.randrange(256)
        shutil.rmtree(tmp_path / "hurt", ignore_errors=True)
        (tmp_path / "hurt").mkdir()
        (tmp_path / "hurt" / "m").write_bytes(hurt)
        try:
            use(tmp_path / "hurt" / "m")
        except EngramError as error:
            assert "\n" not in str(error)


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(EngramError, match="memory"):
        Memory.open(tmp_path / "file" / "m")
    with pytest.raises(BadInput, match="is not a file"):
        Memory.open(tmp_path)
    with pytest.raises(BadInput, match="no memory"):
        Memory.open(tmp_path / "none", create=False)
    with pytest.raises(BadInput, match="memory"):
        Memory.open("a\0b")
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_place(stored: Path) -> None:
    stored.parent.chmod(0o555)
    stored.chmod(0o444)
    try:
        with pytest.raises(EngramError, match="writable"):
            use(stored)
    finally:
        stored.parent.chmod(0o755)


HEAD = {"engram_memory": 1, "notes": 1}
NOTE: dict[str, Any] = {"text": "Ada Marsh came."}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "empty"),
        ([NOTE], "no exported memory"),
        ([{"engram_memory": 2, "notes": 0}], "newer Engram Lab"),
        ([{"engram_memory": True, "notes": 0}], "no exported memory"),
        ([HEAD], "cut off"),
        ([HEAD, NOTE, NOTE], "has 2 of 1"),
        ([HEAD, 7], "line 2"),
        ([HEAD, {"text": ""}], "line 2"),
        ([HEAD, {"text": ["a"]}], '"text"'),
        ([HEAD, {**NOTE, "title": None}], '"title"'),
        ([HEAD, {**NOTE, "strength": 0}], '"strength"'),
        ([HEAD, {**NOTE, "strength": 1e300}], '"strength"'),
        ([HEAD, {**NOTE, "recalled": "soon"}], '"recalled"'),
        ([HEAD, {**NOTE, "gone": 5}], '"gone"'),
        ([HEAD, {**NOTE, "triples": "abc"}], '"triples"'),
        ([HEAD, {**NOTE, "triples": [["a", "b"]]}], '"triples"'),
        ([HEAD, {**NOTE, "history": {}}], '"history"'),
        ([HEAD, {**NOTE, "history": [["a"]]}], '"history"'),
        ([HEAD, {**NOTE, "history": [["", -1, "", "", "", "", ""]]}], '"step"'),
    ],
)
def test_lines_that_are_no_export(tmp_path: Path, rows: list[Any], sentence: str) -> None:
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    with pytest.raises(BadInput, match=sentence):
        Memory.import_(text.encode(), tmp_path / "m")
    assert not (tmp_path / "m").exists(), "nothing is made of a bad file"


def test_an_export_cut_in_half(stored: Path, tmp_path: Path) -> None:
    with Memory.open(stored) as memory:
        data = memory.export(tmp_path / "notes").read_bytes()
    for size in (len(data) // 3, len(data) // 2, data.rindex(b"\n", 0, -1) + 1):
        with pytest.raises(BadInput, match=r"cut off|not JSON"):
            Memory.import_(data[:size])


def test_an_export_goes_nowhere_it_should_not(stored: Path, tmp_path: Path) -> None:
    with Memory.open(stored) as memory:
        for place in (tmp_path, tmp_path / "no" / "folder", "a\0b"):
            with pytest.raises(EngramError, match="export"):
                memory.export(place)


@pytest.mark.parametrize(
    "words",
    [
        ["index"],
        ["index", "/no/such/place", "--out", "m"],
        ["index", "note.txt"],
        ["index", "note.txt", "--out", "."],
        ["ask", "m"],
        ["ask", "/no/such/memory", "who"],
        ["ask", "note.txt", "who"],
        ["ask", "town", ""],
        ["ask", "town", "who", "-k", "0"],
        ["ask", "town", "who", "-k", "many"],
        ["ask", "town", "who", "--method", "magic"],
        ["ask", "town", "who", "--at", "soon"],
    ],
)
def test_the_command_line_says_one_sentence(
    stored: Path, words: list[str], monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(stored.parent)
    Path("note.txt").write_text("Ada Marsh came.")
    assert main(["memory_graph", *words, "--json"]) == 2
    out, err = capsys.readouterr()
    assert list(json.loads(out.splitlines()[-1])) == ["error"]
    assert err.count("\n") == 1
    assert not Path("m").exists()
