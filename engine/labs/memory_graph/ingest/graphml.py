"""Graphs in GraphML (http://graphml.graphdrawing.org): a document for each node, edges as triples.

networkx reads them, after a pass that refuses what XML can be made to do to its reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.text import read_unpacked
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.ingest.document import FIELD, Document, Found, clean, one_line
from engine.labs.memory_graph.ingest.graphml_own import is_own, read_own
from engine.labs.memory_graph.ingest.split import ENOUGH, split
from engine.labs.memory_graph.openie import Triple

LIMIT_BYTES = 32 * MB
MOST_ELEMENTS = 500_000
DEEPEST = 64
LABELS = ("label", "name", "title")
RELATIONS = ("relation", "relationship", "predicate", "label", "type", "name")
TEXTS = ("text", "description", "summary", "content")
DATES = ("date", "when", "created", "created_at", "valid_at")
UNNAMED = "is linked to"
# How a layout program draws a node says nothing about it.
DRAWING = ("x", "y", "shape_type", "color", "colour", "r", "g", "b", "a", "size", "id")
NO_FACT = {*LABELS, *TEXTS, *DATES, *DRAWING}


def read_graphml(data: bytes, name: str, found: Found) -> None:
    """The first graph of a file (gzip too) of at most 32 MB and 500,000 elements.

    Circles, loops and several edges between two nodes are fine. A node's text is what it says of
    itself and its edges as sentences; every edge is a triple of its source's document. Raises
    BadInput("documents"): no well-formed XML, a DOCTYPE (the door to entities), no GraphML, no
    node, too large or too deep.
    """
    data = read_unpacked(data, limit=LIMIT_BYTES, field=FIELD)
    _guard(data)
    graph = _graph(data)
    if not len(graph):
        raise BadInput(FIELD, "the graph has no nodes")
    if is_own(graph):
        read_own(graph, name, found)
        return
    labels = {node: _first(values, LABELS) or str(node) for node, values in graph.nodes(data=True)}
    labels = {node: one_line(label) or "unnamed" for node, label in labels.items()}
    outgoing: dict[Any, list[Triple]] = {node: [] for node in labels}
    incoming: dict[Any, list[Triple]] = {node: [] for node in labels}
    for source, target, values in graph.edges(data=True):
        relation = one_line(_first(values, RELATIONS)) or UNNAMED
        triple = Triple(labels[source], relation, labels[target])
        outgoing[source].append(triple)
        incoming[target].append(triple)
    for node, values in graph.nodes(data=True):
        place = f"{name}, node {one_line(str(node), 80)}"
        when = iso_date(_first(values, DATES))
        told = Document(labels[node], "", when, place)
        # A node that says nothing itself is described by what others say of it.
        documents = [
            *_own(told, values),
            *_facts(told, outgoing[node], kept=True),
        ] or list(_facts(told, incoming[node], kept=False))
        for document in documents or [replace(told, text=told.title)]:
            found.add(document)


def _own(told: Document, values: Mapping[str, Any]) -> Iterator[Document]:
    """What a node says of itself: its text, and its other attributes as facts."""
    for piece in split(clean(_first(values, TEXTS))):
        yield replace(told, text=piece.text)
    facts = [
        Triple(told.title, one_line(str(key), 80), one_line(str(value)))
        for key, value in values.items()
        if str(key).lower() not in NO_FACT and not isinstance(value, dict) and str(value).strip()
    ]
    for batch in _batches(facts):
        yield replace(told, text=_sentences(batch), triples=batch)


def _facts(told: Document, facts: list[Triple], *, kept: bool) -> Iterator[Document]:
    """Edges as sentences; ``kept`` as triples and links too, which only their source does."""
    for batch in _batches(facts):
        links = tuple(dict.fromkeys(fact.object for fact in batch))
        text = _sentences(batch)
        yield (
            replace(told, text=text, links=links, triples=batch)
            if kept
            else replace(told, text=text)
        )


def _batches(facts: list[Triple]) -> Iterator[tuple[Triple, ...]]:
    """Facts that fill a passage each, so that a hub becomes many passages and not a huge one."""
    batch: list[Triple] = []
    size = 0
    for fact in facts:
        batch.append(fact)
        size += sum(map(len, fact)) + 3
        if size >= ENOUGH:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def _sentences(facts: tuple[Triple, ...]) -> str:
    return " ".join(f"{fact.subject} {fact.relation} {fact.object}." for fact in facts)


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first attribute of one of these names (in any case) that says something."""
    lower = {str(key).lower(): value for key, value in values.items()}
    for name in names:
        value = str(lower.get(name, "")).strip()
        if value:
            return value
    return ""


def _guard(data: bytes) -> None:
    """Judge the XML while it streams by; nothing of it is kept."""
    parser = expat.ParserCreate()
    elements = depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements, depth
        elements += 1
        depth += 1
        if elements > MOST_ELEMENTS:
            raise BadInput(FIELD, f"the graph has more than {MOST_ELEMENTS:,} elements")
        if depth > DEEPEST:
            raise BadInput(FIELD, f"the graph is nested deeper than {DEEPEST} elements")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: Any) -> None:
        raise BadInput(FIELD, "the graph has a DOCTYPE, which is never read; remove that line")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise BadInput(
            FIELD,
            f"this is no well-formed XML ({expat.ErrorString(error.code)}, line {error.lineno})",
        ) from None
    except (ValueError, LookupError, UnicodeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(FIELD, "the XML is in an encoding that is not read here") from None


def _graph(data: bytes) -> Any:
    # Only who reads a graph pays for the import.
    import networkx

    try:
        return networkx.read_graphml(BytesIO(data))
    # networkx meets what it does not expect with whatever its code trips over.
    except (networkx.NetworkXError, ParseError, LookupError, ValueError, TypeError) as error:
        reason = one_line(str(error), 80)
    except (AttributeError, OverflowError, RecursionError) as error:
        reason = one_line(str(error), 80)
    raise BadInput(FIELD, f"this is no GraphML that can be read ({reason})")
