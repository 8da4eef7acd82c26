"""An A-MEM memory as rows that survive JSON, and back again without loss.

The first row holds the settings and counts, then comes one row a note with the vector it is found
by, then one row a change of the ledger. Vectors are written bit by bit: those of notes that changed
since they were indexed cannot be computed from the notes as they are now.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.core import BadInput, NotFound
from engine.labs.memory_graph.living.amem import AMem, Embed, Quirks
from engine.labs.memory_graph.living.analyst import Analyst
from engine.labs.memory_graph.living.checks import vectors, whole
from engine.labs.memory_graph.living.notes import Change, Note, NoteStore

KIND = "a-mem"
VERSION = 1
WIDEST = 65_536
COUNTS = ("evolutions", "rebuilds")


def to_records(memory: AMem) -> list[dict[str, Any]]:
    """Every row of a memory; its analyst and the function that embeds are not part of it."""
    index = memory.index
    head = {
        "kind": KIND,
        "version": VERSION,
        "width": index.shape[1],
        "neighbours": memory.neighbours,
        "evo_threshold": memory.evo_threshold,
        "quirks": asdict(memory.quirks),
        "evolve": memory.evolves,
        "stale": memory.stale,
        **{name: getattr(memory, name) for name in COUNTS},
    }
    notes = [
        {"note": note.as_record(), "vector": _packed(row)}
        for note, row in zip(memory.store, index, strict=True)
    ]
    return [head, *notes, *({"change": asdict(change)} for change in memory.store.ledger)]


def from_records(records: Iterable[Mapping[str, Any]], embed: Embed, analyst: Analyst) -> AMem:
    """The memory of ``to_records``, which grows on with ``embed`` and ``analyst``.

    ``embed`` must give vectors of the saved width. Raises BadInput that names the row.
    """
    rows = list(records)
    head = rows[0] if rows else {}
    if not isinstance(head, Mapping) or head.get("kind") != KIND:
        raise BadInput("row 1", f'must say "kind": "{KIND}"')
    if head.get("version") != VERSION:
        raise BadInput("row 1", f"only version {VERSION} is read (got {head.get('version')!r})")
    memory = _empty(head, embed, analyst)
    width = whole(head.get("width", -1), "width", 0, WIDEST)
    notes, vecs, changes = [], [], []
    for number, row in enumerate(rows[1:], start=2):
        where = f"row {number}"
        try:
            if "note" in row:
                notes.append(_note(row["note"]))
                vecs.append(_unpacked(row["vector"], width))
            else:
                changes.append(Change(**row["change"]))
        except BadInput as error:
            raise BadInput(where, str(error)) from None
        except (KeyError, TypeError) as error:
            raise BadInput(where, f"does not fit: {error}") from None
    try:
        store = NoteStore.restored(notes, changes)
    except NotFound as error:
        raise BadInput("change", str(error)) from None
    stale = head.get("stale", [])
    if not isinstance(stale, list) or not all(name in store for name in stale):
        raise BadInput("stale", "must be a list of notes that are there")
    index = np.array(vecs, dtype=np.float32).reshape(len(notes), width)
    if notes:
        vectors(index, "vector")
    evolutions, rebuilds = (whole(head.get(name, -1), name, 0) for name in COUNTS)
    memory.resume(store, index, stale, (evolutions, rebuilds))
    return memory


def _empty(head: Mapping[str, Any], embed: Embed, analyst: Analyst) -> AMem:
    try:
        quirks = Quirks(**head.get("quirks", {}))
    except TypeError as error:
        raise BadInput("quirks", f"does not fit: {error}") from None
    return AMem(
        embed,
        analyst,
        neighbours=head.get("neighbours", 5),
        evo_threshold=head.get("evo_threshold", 100),
        quirks=quirks,
        evolve=bool(head.get("evolve", True)),
    )


def _note(record: Any) -> Note:
    if not isinstance(record, Mapping):
        raise BadInput("note", "must be an object")
    return Note.from_record(record)


def _packed(row: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(row.astype("<f4").tobytes(), 1)).decode("ascii")


def _unpacked(text: Any, width: int) -> np.ndarray:
    """(width,) of what ``_packed`` wrote; never unpacks more than that."""
    try:
        reader = zlib.decompressobj()
        raw = reader.decompress(base64.b64decode(text, validate=True), 4 * width + 1)
    except (TypeError, ValueError, binascii.Error, zlib.error):
        raise BadInput("vector", "cannot be read") from None
    if len(raw) != 4 * width:
        raise BadInput("vector", f"must hold {width} numbers")
    return np.frombuffer(raw, "<f4").astype(np.float32)
