"""The moving ego graph: a page that fetches nothing and runs nobody else's words."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from engine.figures import Palette
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.physics import LIBRARY, POLICY, physics_page

HOSTILE = [
    "</script><script>window.__x=1</script>",
    "<img src=x onerror=window.__x=1>",
    "{{7*7}} {% raw %} \u2028 '; window.__x=1; //",
    '<link rel="stylesheet" href="https://evil.example/a.css">',
    "<!-- --> ]]> &lt;script&gt;",
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page(title: str = "Heron Bridge") -> str:
    with Memory.open() as memory:
        memory.add("Ada Marsh built the Heron Bridge.", title=title)
        return physics_page(memory.around(1, 2), Palette.light(), title)


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text)
    return parser.found


def test_it_links_nothing_and_forbids_to_fetch() -> None:
    text = page()
    assert f'content="{POLICY}"' in text and "default-src 'none'" in POLICY
    for tag, attributes in tags(text):
        assert tag != "link"
        assert not {"src", "href", "action"} & attributes.keys(), (tag, attributes)
    assert LIBRARY.read_text("utf-8") in text
    rest = text.replace(LIBRARY.read_text("utf-8"), "")
    assert not re.search(r"https?://", rest)
    assert "<h1>" not in rest


@pytest.mark.parametrize("title", HOSTILE)
def test_words_of_a_memory_are_data(title: str) -> None:
    plain, hostile = tags(page()), tags(page(title))
    assert [tag for tag, _ in plain] == [tag for tag, _ in hostile]
    [nodes] = re.findall(r"new vis\.DataSet\((\[.*?\])\);", page(title))[:1]
    first = json.loads(nodes)[0]
    assert first["title"] == f"note: {title}"
    assert "<" not in nodes and ">" not in nodes
