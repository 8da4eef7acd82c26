"""A memory as GraphML, which other programs draw and ``ingest`` reads back without loss.

Notes and names are nodes, facts and "names" are edges. What only reading back needs are attributes:
the notes that a fact stands in.
"""

from __future__ import annotations

import re
import sqlite3
from io import BytesIO

from engine.labs.memory_graph.ingest.graphml_own import FACT, MENTIONS, NAME, NOTE, OWN
from engine.labs.memory_graph.memory_read import Snapshot

# What XML 1.0 cannot hold, not even escaped.
UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graphml(snapshot: Snapshot, connection: sqlite3.Connection) -> bytes:
    """All notes, names and facts as of ``snapshot``; characters that XML has not are left out."""
    import networkx

    graph = snapshot.graph
    made = networkx.MultiDiGraph(**{OWN: 1})
    for place, phrase in enumerate(graph.phrases):
        made.add_node(f"p{place}", label=_fit(phrase), kind=NAME)
    own = graph.d2f.tocsr()
    rows = connection.execute(
        "SELECT id, title, text, dated, source, extracted FROM passages ORDER BY id"
    ).fetchall()
    stands: dict[int, list[str]] = {}
    known = {int(note): at for at, note in enumerate(snapshot.ids.tolist())}
    for note, title, text, when, source, extracted in rows:
        if note not in known:
            continue
        made.add_node(
            f"n{note}",
            label=_fit(title),
            kind=NOTE,
            text=_fit(text),
            when=_fit(when),
            source=_fit(source),
            read_out=bool(extracted),
        )
        at = known[note]
        for fact in own.indices[own.indptr[at] : own.indptr[at + 1]].tolist():
            stands.setdefault(fact, []).append(f"n{note}")
    for place, fact in enumerate(graph.facts):
        made.add_edge(
            f"p{graph.places[fact.subject]}",
            f"p{graph.places[fact.object]}",
            label=_fit(fact.relation),
            kind=FACT,
            notes=" ".join(stands.get(place, ())),
        )
    names = graph.d2e.tocoo()
    for at, phrase in zip(names.row.tolist(), names.col.tolist(), strict=True):
        made.add_edge(f"n{snapshot.ids[at]}", f"p{phrase}", label=MENTIONS, kind=MENTIONS)
    out = BytesIO()
    networkx.write_graphml_xml(made, out)
    return out.getvalue()


def _fit(text: str) -> str:
    return UNFIT.sub("", text)
