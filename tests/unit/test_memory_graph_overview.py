"""A memory at a glance: map, communities, ego graphs, search, and the same as other files."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.core.errors import BadInput, NotFound
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.communities import community_layout, find_communities
from engine.labs.memory_graph.config import Memories, OverviewConfig
from engine.labs.memory_graph.ingest.read import read_documents
from engine.labs.memory_graph.loading import load_memory, load_passages
from engine.labs.memory_graph.memory_notes import excerpt
from engine.labs.memory_graph.neighbourhood import edge_weights, neighbourhood
from engine.labs.memory_graph.node_map import Map
from engine.labs.memory_graph.overview import overview, strongest
from engine.labs.memory_graph.views.overview import describe_groups, describe_sample, draw_sizes


def no_files(value: str, field: str) -> bytes:
    raise AssertionError(f"{field} is no file")


@pytest.fixture(scope="module")
def diary() -> Memory:
    memory, _ = load_memory(Memories(), no_files)
    return memory


@cache
def diary_map() -> Map:
    memory, _ = load_memory(Memories(), no_files)
    return memory.snapshot().map


def ring_of_cliques(cliques: int = 4, size: int = 6) -> Map:
    graph = nx.ring_of_cliques(cliques, size)
    edges = np.array(graph.edges, np.int64)
    return Map(len(graph), edges, np.zeros(len(edges), np.uint8))


def test_communities_are_the_cliques_of_a_ring_of_cliques() -> None:
    found = find_communities(ring_of_cliques(), seed=0)
    assert found.count == 4 and found.rest == -1
    assert {tuple(np.flatnonzero(found.member == i)) for i in range(4)} == {
        tuple(range(start, start + 6)) for start in range(0, 24, 6)
    }


def test_modularity_is_that_of_the_definition() -> None:
    of = ring_of_cliques()
    found = find_communities(of)
    weights = edge_weights(of)
    dense = np.zeros((of.size, of.size))
    dense[of.edges[:, 0], of.edges[:, 1]] = dense[of.edges[:, 1], of.edges[:, 0]] = weights
    strength, total = dense.sum(axis=0), dense.sum()
    same = found.member[:, None] == found.member[None]
    expected = ((dense - np.outer(strength, strength) / total) * same).sum() / total
    assert found.modularity == pytest.approx(expected, abs=1e-12)


def test_a_finer_grain_gives_more_communities(diary: Memory) -> None:
    of = diary.snapshot().map
    assert find_communities(of, 3.0).count > find_communities(of, 0.5).count


def test_what_no_edge_joins_is_one_group_at_the_end() -> None:
    of = Map(5, np.array([[0, 1], [1, 2], [0, 2]]), np.zeros(3, np.uint8))
    found = find_communities(of)
    assert found.rest == 1 and found.member.tolist() == [0, 0, 0, 1, 1]
    empty = find_communities(Map(3, np.zeros((0, 2), np.int64), np.zeros(0, np.uint8)))
    assert (empty.count, empty.rest, empty.modularity) == (1, 0, 0.0)


def test_joined_communities_lie_nearer_than_others() -> None:
    xy = community_layout(np.array([[0, 1], [1, 2], [2, 3]]), np.array([9, 9, 9]), 4)
    far = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    assert far[0, 1] < far[0, 2] < far[0, 3]
    assert np.abs(xy).max() == pytest.approx(1.0)
    assert np.array_equal(
        xy, community_layout(np.array([[0, 1], [1, 2], [2, 3]]), np.array([9] * 3), 4)
    )


def test_the_overview_of_the_diary_holds_its_memory() -> None:
    result = engine.run("memory_graph", "overview", store=False)
    with Memory.read(result.array("memory").tobytes()) as memory:
        assert memory.counts()["notes"] == result.number("notes") == 139
        assert [found.title for found in memory.ask("Where does Casimir Ode live?", 1)]
    notes = result.array("note")
    assert len(result.notes["labels"]) == len(notes) == result.number("nodes_drawn")
    assert sorted(notes[notes > 0].tolist()) == list(range(1, 140))
    assert result.array("group_notes").sum() == 139
    assert result.number("modularity") > 0.5


def test_the_same_notes_are_the_same_bytes() -> None:
    one, other = (overview(OverviewConfig(), no_files) for _ in range(2))
    for name, field in one.fields.items():
        assert np.array_equal(field.array, other.array(name)), name


def test_of_too_many_nodes_the_best_joined_are_drawn(diary: Memory) -> None:
    of = diary.snapshot().map
    nodes, part = strongest(of, nodes=100, edges=150)
    degree = np.bincount(of.edges.ravel(), minlength=of.size)
    assert part.size == len(nodes) == 100 and len(part.edges) <= 150
    assert degree[nodes].min() >= np.delete(degree, nodes).max()
    assert part.edges.max() < 100


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 150), st.integers(0, 513))
def test_an_ego_graph_holds_what_is_near_and_no_more_than_asked(
    depth: int, most: int, centre: int
) -> None:
    of = diary_map()
    part = neighbourhood(of, centre, depth, most)
    graph = nx.Graph(of.edges.tolist())
    graph.add_nodes_from(range(of.size))
    far = nx.single_source_shortest_path_length(graph, centre, cutoff=depth)
    assert part.nodes[0] == centre and len(part.nodes) <= most
    assert len(set(part.nodes.tolist())) == len(part.nodes)
    for node, step in zip(part.nodes.tolist(), part.steps.tolist(), strict=True):
        assert step >= far[node]
    if not part.left_out:
        assert set(part.nodes.tolist()) == set(far)
        assert all(far[n] == s for n, s in zip(part.nodes.tolist(), part.steps, strict=True))
        assert len(part.edges) == graph.subgraph(far).number_of_edges()


@pytest.mark.parametrize(("depth", "most"), [(0, 10), (4, 10), (1, 0), (1, 151)])
def test_an_ego_graph_has_bounds(diary: Memory, depth: int, most: int) -> None:
    with pytest.raises(BadInput):
        diary.around(1, depth, most)


def test_around_speaks_of_notes_and_names(diary: Memory) -> None:
    around = diary.around("casimir ode", 1)
    assert around.labels[0] == "casimir ode" and around.notes[0] == 0
    assert {around.labels[i] for i, note in enumerate(around.notes) if note} >= {
        "Supper with canaries",
        "Sea air at Azimbre",
    }
    for centre in ("nobody at all", 100_000):
        with pytest.raises(NotFound):
            diary.around(centre)


def test_search_finds_names_by_their_beginning_and_notes_as_ask_does(diary: Memory) -> None:
    hits = diary.search("casim")
    assert hits[0].title == "casimir ode" and hits[0].note is None and hits[0].notes == 4
    assert all("casim" in diary.get(hit.note).text.lower() for hit in hits if hit.note)
    question = "Who cooked on the roof at Azimbre?"
    asked = [found.note for found in diary.ask(question, 6)]
    assert [hit.note for hit in diary.search(question, 6) if hit.note][: len(asked)] == asked
    assert diary.search("c") == diary.search("   ") == []


def test_letters_that_a_pattern_would_mean_are_letters() -> None:
    with Memory.open() as memory:
        memory.add("A share of 50% is a half.", title="Half")
        memory.add("A share of 507 things.", title="Many")
        assert [hit.title for hit in memory.search("50%") if hit.note][:1] == ["Half"]
        assert not [hit for hit in memory.search("_!_") if hit.note]


def test_a_forgotten_note_is_not_found() -> None:
    with Memory.open() as memory:
        memory.add("The quartz lamp of Ada Marsh.", "2020-01-01", "Lamp")
        memory.forget("2025-01-01")
        assert memory.ghosts() == {1} and memory.get(1).gone == "2025-01-01"
        assert not [hit for hit in memory.search("quartz lamp") if hit.note]


@given(st.text(max_size=400), st.text(max_size=20))
def test_an_excerpt_is_short_and_of_the_text(text: str, wanted: str) -> None:
    found = excerpt(text, wanted, most=60)
    assert len(found) <= 62
    assert found.strip("…") in " ".join(text.split())


def test_graphml_gives_the_memory_back_and_others_can_read_it(diary: Memory) -> None:
    data = diary.graphml()
    graph = nx.read_graphml(BytesIO(data))
    kinds = [kind for _, kind in graph.nodes(data="kind")]
    assert kinds.count("note") == 139 and kinds.count("name") == diary.counts()["phrases"]
    with Memory.open() as other:
        other.add_documents(read_documents(data, "diary.graphml"))
        assert other.counts() == diary.counts()
        assert other.lines() == diary.lines()


def test_graphml_keeps_facts_that_came_with_a_note_and_strange_letters() -> None:
    with Memory.open() as memory:
        memory.add("<b>&\x0b \u202e ]]> \U0001f642", title='"<x>"', triples=[("A b", "is", "C d")])
        memory.add("Plain words of Ada Marsh.", "1871-05-02", source="notes/a.md, line 3")
        back = read_documents(memory.graphml(), "x.graphml").documents
    assert back[0].text == "<b>& \u202e ]]> \U0001f642" and back[0].title == '"<x>"'
    assert [tuple(triple) for triple in back[0].triples] == [("a b", "is", "c d")]
    assert (back[1].when, back[1].source, back[1].triples) == (
        "1871-05-02",
        "notes/a.md, line 3",
        (),
    )


@pytest.mark.parametrize("form", ["file", "lines"])
def test_a_kept_memory_is_read_wherever_documents_are(diary: Memory, form: str) -> None:
    data = diary.to_bytes() if form == "file" else diary.lines()
    config = Memories(corpus="input:" + "0" * 16)
    passages = load_passages(config, lambda value, field: data)
    expected = load_passages(Memories(), no_files)
    assert passages.corpus.passages == expected.corpus.passages
    assert passages.triples is None
    memory, _ = load_memory(config, lambda value, field: data)
    assert memory.lines() == diary.lines()


def test_facts_from_elsewhere_stand_in_the_memory() -> None:
    files = {
        "corpus": b'{"idx": 0, "title": "Ada", "text": "She built it."}\n'
        b'{"idx": 1, "title": "Ode", "text": "He painted it."}\n',
        "triples": b'{"idx": 0, "entities": [], "triples": [["Ada", "built", "Heron Bridge"]]}\n'
        b'{"idx": 1, "entities": [], "triples": [["Ode", "painted", "Heron Bridge"]]}\n',
    }
    config = OverviewConfig(corpus="input:" + "0" * 16, triples="input:" + "1" * 16)
    result = overview(config, lambda value, field: files[field])
    assert set(result.notes["labels"][:3]) == {"ada", "heron bridge", "ode"}
    with Memory.read(result.array("memory").tobytes()) as memory:
        assert memory.search("heron bridge")[0].notes == 2


def test_forgotten_notes_of_a_kept_memory_are_no_passages() -> None:
    with Memory.open() as memory:
        memory.add("Ada Marsh of long ago.", "1900-01-01")
        memory.add("Casimir Ode of today.")
        memory.forget("2025-01-01")
        data = memory.to_bytes()
    found = load_passages(Memories(corpus="input:" + "0" * 16), lambda value, field: data)
    assert [passage.text for passage in found.corpus.passages] == ["Casimir Ode of today."]
    assert found.notes["left_out"] == ["1 notes were forgotten and are left out"]


@pytest.mark.parametrize("theme", [Palette.light(), Palette.dark()], ids=["light", "dark"])
def test_the_figure_says_what_it_shows(theme: Palette) -> None:
    result = engine.run("memory_graph", "overview")
    figure = draw_sizes(result, theme)
    check_axes(figure)
    assert "communities" in figure.layout.meta["alt"]
    assert describe_sample(result) == "all 514 nodes and 1,597 edges"


def test_a_memory_of_one_note_without_names_has_an_overview() -> None:
    config = OverviewConfig(corpus="input:" + "0" * 16)
    result = overview(config, lambda value, field: b"just some small words here")
    assert result.number("communities") == 0
    assert describe_groups(result).startswith("No name joins two notes")
