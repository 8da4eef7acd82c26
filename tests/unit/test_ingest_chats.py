"""Chat logs, exported memories and graphs as passages."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from pathlib import Path

import networkx
import pytest

from engine.core import BadInput
from engine.labs.memory_graph.ingest.document import Document
from engine.labs.memory_graph.ingest.read import read_documents
from engine.labs.memory_graph.openie import Triple


def read(value: object) -> tuple[Document, ...]:
    return read_documents(json.dumps(value).encode(), "log.json").documents


SAYINGS = [
    {"role": "user", "content": "hi", "timestamp": "2024-05-31T10:00:00Z"},
    {"speaker": "user", "text": "hi", "date": "2024-05-31"},
    {"from": "user", "value": "hi", "created_at": 1_717_113_600},
    {"author": {"role": "user"}, "content": {"parts": ["hi"]}, "create_time": 1_717_113_600.5},
    {"sender": {"name": "user"}, "message": "hi", "time": "31 May 2024"},
    {"name": "user", "body": "hi", "ts": "1717113600000"},
    {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image"}],
     "when": "2024-05-31"},
    {"conv": "c", "dia_id": "D1:1", "speaker": "user", "text": "hi", "datetime": "31 May, 2024"},
]  # fmt: skip


@pytest.mark.parametrize("saying", SAYINGS)
def test_a_turn_under_its_common_names(saying: dict[str, object]) -> None:
    (only,) = read([saying])
    assert (only.title, only.text, only.when, only.spoken) == ("user", "hi", "2024-05-31", True)


@pytest.mark.parametrize(
    "form",
    [
        lambda turns: turns,
        lambda turns: {"messages": turns},
        lambda turns: [{"id": "x", "conversations": turns}],
        lambda turns: {"data": [{"turns": turns}]},
        lambda turns: {
            "mapping": {str(i): {"message": turn} for i, turn in enumerate(turns)} | {"root": {}}
        },
    ],
)
def test_a_conversation_in_every_form(form: object) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    assert callable(form)
    assert [(turn.title, turn.text) for turn in read(form(turns))] == [
        ("user", "hi"),
        ("assistant", "hello"),
    ]


def test_turns_have_their_conversations_date_and_name() -> None:
    rows = [
        {
            "title": "Herons",
            "date": "2024-05-31",
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "user", "content": "b", "date": "2024-06-01"},
            ],
        }
    ]
    found = read(rows)
    assert [turn.when for turn in found] == ["2024-05-31", "2024-06-01"]
    assert {turn.scope for turn in found} == {"Herons"}
    assert [turn.source for turn in found] == [
        "log.json, entry 1 messages 1",
        "log.json, entry 1 messages 2",
    ]


def test_the_raw_file_of_locomo() -> None:
    raw = [
        {
            "sample_id": "conv-1",
            "conversation": {
                "speaker_a": "Ann",
                "session_10_date_time": "1:56 pm on 8 May, 2023",
                "session_10": [{"speaker": "Ann", "dia_id": "D10:1", "text": "later"}],
                "session_2_date_time": "1:56 pm on 7 May, 2023",
                "session_2": [
                    {"speaker": "Bob", "dia_id": "D2:1", "text": "look", "blip_caption": "a heron"}
                ],
            },
            "qa": [{"question": "who?", "evidence": ["D2:1"]}],
        }
    ]
    first, second = read(raw)
    assert first == Document(
        "Bob", "look a heron", "2023-05-07", "log.json, conv-1 D2:1", scope="conv-1", spoken=True
    )
    assert (second.when, second.source) == ("2023-05-08", "log.json, conv-1 D10:1")


def test_an_export_of_mem0() -> None:
    found = read(
        {
            "results": [
                {"id": "1", "memory": "Likes herons", "user_id": "ann", "created_at": "2024-05-31"}
            ],
            "relations": [{"source": "ann", "relationship": "likes", "destination": "herons"}],
        }
    )
    assert [(memory.title, memory.text, memory.when) for memory in found] == [
        ("ann", "Likes herons", "2024-05-31"),
        ("log", "ann likes herons", None),
    ]
    assert not found[0].spoken
    assert found[1].triples == (Triple("ann", "likes", "herons"),)


def test_documents_with_triples() -> None:
    row = {
        "idx": 7,
        "passage": "Ann\nAnn likes herons.",
        "extracted_triples": [["Ann", "likes", "herons"], ["two", "parts"], [1, 2, 3]],
    }
    (only,) = read({"docs": [row]})
    assert (only.title, only.text) == ("Ann", "Ann likes herons.")
    assert only.triples == (Triple("Ann", "likes", "herons"),)
    assert [d.text for d in read([{"title": "Ann", "sentences": ["One. ", "Two."]}])] == [
        "One. Two."
    ]


def test_a_dialogue_of_memorybank_is_two_turns() -> None:
    found = read([{"user": "Emily", "date": "2023-04-27", "query": "hi", "response": "hello"}])
    assert [(turn.title, turn.text) for turn in found] == [("Emily", "hi"), ("assistant", "hello")]
    assert {turn.scope for turn in found} == {"Emily"}


def test_a_packed_upload_without_a_name_is_read_by_what_is_in_it() -> None:
    row = b'{"user": "Emily", "date": "2023-04-27", "query": "hi", "response": "hello"}'
    assert [turn.when for turn in read_documents(gzip.compress(row))] == ["2023-04-27"] * 2
    with pytest.raises(BadInput):
        read_documents(b"\x1f\x8bnothing that unpacks")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "count"),
    [("locomo10_turns", 5882), ("memorybank_en_dialogs", 1132), ("locomo10_observations", 2541)],
)
def test_every_turn_of_the_reference_data_is_read(name: str, count: int, shared_data: Path) -> None:
    found = read_documents(shared_data / "memory_graph" / f"{name}.jsonl.gz")
    assert len(found) + found.duplicates == count
    assert not found.skipped
    assert not found.notices


def graphml(graph: networkx.Graph) -> bytes:
    target = BytesIO()
    networkx.write_graphml(graph, target)
    return target.getvalue()


def test_a_graph_with_circles_loops_and_parallel_edges() -> None:
    graph = networkx.MultiDiGraph()
    graph.add_node("1", label="Ann", born=1970, description="A walker.", date="2024-05-31")
    graph.add_node("2", label="Bob")
    graph.add_node("3")
    graph.add_edge("1", "2", relation="knows")
    graph.add_edge("1", "2", relation="taught")
    graph.add_edge("2", "1", label="knows")
    graph.add_edge("1", "1")
    found = read_documents(graphml(graph), "g.graphml").documents
    assert [(document.title, document.text) for document in found] == [
        ("Ann", "A walker."),
        ("Ann", "Ann born 1970."),
        ("Ann", "Ann knows Bob. Ann taught Bob. Ann is linked to Ann."),
        ("Bob", "Bob knows Ann."),
        ("3", "3"),
    ]
    assert {document.when for document in found[:3]} == {"2024-05-31"}
    assert found[2].links == ("Bob", "Ann")
    assert found[2].source == "g.graphml, node 1"


def test_every_edge_is_one_triple_and_a_silent_node_is_described_by_others() -> None:
    graph = networkx.relabel_nodes(networkx.barabasi_albert_graph(300, 3, seed=1), str)
    found = read_documents(graphml(graph), "g.graphml").documents
    triples = [triple for document in found for triple in document.triples]
    assert len(triples) == graph.number_of_edges()
    assert {frozenset((triple.subject, triple.object)) for triple in triples} == {
        frozenset(edge) for edge in graph.edges
    }
    assert {document.title for document in found} == set(graph.nodes)
    assert max(len(document.text) for document in found) < 1000
