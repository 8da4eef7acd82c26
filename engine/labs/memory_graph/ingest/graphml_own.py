"""GraphML that a memory wrote: notes come back as they were, with the facts that were theirs."""

from __future__ import annotations

from typing import Any

from engine.labs.memory_graph.corpus import LONGEST
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.ingest.document import Document, Found, clean, one_line
from engine.labs.memory_graph.openie import Triple

OWN = "engram_memory"
NAME, NOTE, FACT, MENTIONS = "name", "note", "fact", "mentions"


def is_own(graph: Any) -> bool:
    """Whether a memory wrote this graph."""
    return OWN in graph.graph


def read_own(graph: Any, name: str, found: Found) -> None:
    """Each note as a document; one whose facts were read out of its text has none with it."""
    facts: dict[str, list[Triple]] = {}
    for source, target, values in graph.edges(data=True):
        if values.get("kind") == FACT:
            ends = (_label(graph, end) for end in (source, target))
            subject, other = ends
            triple = Triple(subject, one_line(str(values.get("label", ""))), other)
            for note in str(values.get("notes", "")).split():
                facts.setdefault(note, []).append(triple)
    for node, values in graph.nodes(data=True):
        if values.get("kind") != NOTE:
            continue
        text = clean(str(values.get("text", "")))[:LONGEST]
        title = one_line(str(values.get("label", "")))
        if not (text.strip() or title):
            continue
        came = () if values.get("read_out") else tuple(facts.get(str(node), ()))
        found.add(
            Document(
                title,
                text,
                iso_date(str(values.get("when", ""))),
                one_line(str(values.get("source", ""))) or f"{name}, {one_line(str(node), 80)}",
                triples=came,
            )
        )


def _label(graph: Any, node: Any) -> str:
    return one_line(str(graph.nodes[node].get("label", node)))
