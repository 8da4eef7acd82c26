"""Search while one types: names, titles and passages of the memory that is shown."""

from __future__ import annotations

from engine.core import Result
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.memory_notes import Hit
from pages.kit import linked, palette, select
from pages.kit.components.search import SearchHit, search, typed
from pages.panels.memory_graph.own_map import AT, NAME, go_to

SEARCH = "memory_graph.search"
BOX = "memory_graph_search"
MOST_NOTES = 6


def found(memory: Memory) -> list[Hit]:
    """What the words in the box find; the words are part of the link."""
    now = linked(SEARCH, "")
    text = typed(BOX, now)
    return memory.search(text, MOST_NOTES)


def search_box(result: Result, hits: list[Hit]) -> None:
    """The box and its list; a chosen hit is shown on the map and read below."""
    search(
        key=BOX,
        label="Search names, titles and passages",
        placeholder="A name, a word or a question",
        hits=[_line(hit) for hit in hits],
        palette=palette(),
        text=linked(SEARCH, ""),
        quiet=bool(linked(AT, "")),
        nothing="Nothing in this memory has these words.",
        on_text=lambda text: select(SEARCH, text),
        on_pick=lambda value: go_to(result, value),
    )


def asked() -> str:
    """What is searched for."""
    return linked(SEARCH, "").strip()


def _line(hit: Hit) -> SearchHit:
    if hit.note is None:
        notes = f"in {hit.notes} {'note' if hit.notes == 1 else 'notes'}"
        return SearchHit(f"{NAME}{hit.title}", hit.title, "name", "", notes)
    return SearchHit(str(hit.note), hit.title, "", hit.excerpt, hit.when)
