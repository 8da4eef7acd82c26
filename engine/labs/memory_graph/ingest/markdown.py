"""Markdown notes, Obsidian's among them: front matter, wikilinks, headings.

Syntax of links: https://help.obsidian.md/links. HTML in a note stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

import yaml

from engine.core.errors import BadInput
from engine.io.text import read_text
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.ingest.document import FIELD, Document, Found, clean, one_line
from engine.labs.memory_graph.ingest.plain import lines_of, stem
from engine.labs.memory_graph.ingest.split import lines_in, split
from engine.labs.memory_graph.openie import Triple

# [[Note]], [[Note#part]], [[folder/Note|shown]], ![[Note]]
WIKILINK = re.compile(
    r"!?\[\[(?P<note>[^\[\]\n|#]{0,300})(?:#(?P<part>[^\[\]\n|]{0,300}))?"
    r"(?:\|(?P<shown>[^\[\]\n]{0,300}))?\]\]"
)
# [shown](folder/Note.md#part)
FILE_LINK = re.compile(r"\]\((?P<file>[^()\s]{1,300}\.md)(?:#[^()\s]{0,300})?\)")
HEADING = re.compile(r" {0,3}#{1,6}[ \t]+")
FRONT_MATTER = 64_000
DATES = ("date", "created", "day", "when", "created_at", "published")
ALIASES = ("aliases", "alias")
MOST_ALIASES = 50
MOST_FACTS = 100


def read_markdown(data: bytes, name: str, found: Found) -> None:
    """A note in UTF-8 of at most 20 MB as passages of one title, each with its lines and heading.

    The title is the front matter's, else the file's name (Obsidian's links go by that); the date is
    the front matter's, else one in the file's name. What else the front matter says becomes triples
    of the first passage. Raises BadInput("documents"): what ``read_text`` refuses, no text.
    """
    text = clean(read_text(data, field=FIELD))
    fields, body, first = _front_matter(text)
    titles = fields.pop("title", [])
    title = one_line(titles[0]) if titles and titles[0].strip() else stem(name)
    names = [stem(name), *(alias for key in ALIASES for alias in fields.pop(key, []))]
    aliases = tuple(
        dict.fromkeys(one_line(alias) for alias in names[:MOST_ALIASES] if alias.strip())
    )
    dates = [iso_date(value) for key in DATES for value in fields.pop(key, [])]
    when = next((date for date in dates if date), None) or iso_date(stem(name))
    values = [(key, value) for key in fields for value in fields[key] if value.strip()]
    facts = tuple(Triple(title, key, plain(value)) for key, value in values[:MOST_FACTS])
    told = [link for _, value in values[:MOST_FACTS] for link in links_in(value)]
    headings = _headings(body, first)
    above, ahead = "", next(headings, None)
    empty = True
    for piece in split(body, first=first, heading=lambda line: bool(HEADING.match(line))):
        place = lines_of(name, piece.first, piece.last)
        while ahead and ahead[0] <= piece.first:
            above, ahead = ahead[1], next(headings, None)
        if above:
            place = f"{place} ({above})"
        links = tuple(dict.fromkeys([*told, *links_in(piece.text)]))
        found.add(
            Document(title, plain(piece.text), when, place, links, aliases=aliases, triples=facts)
        )
        told, facts, empty = [], (), False
    if empty:
        raise BadInput(FIELD, "the note has no text below its front matter")


def links_in(text: str) -> list[str]:
    """The titles that ``text`` links to, in order: of wikilinks and of links to .md files."""
    targets = [(match.start(), match["note"]) for match in WIKILINK.finditer(text)]
    for match in FILE_LINK.finditer(text):
        if "://" not in match["file"]:
            targets.append((match.start(), unquote(match["file"], errors="replace")))
    return [title for title in (_note(target) for _, target in sorted(targets)) if title]


def plain(text: str) -> str:
    """``text`` as it reads: wikilinks as the words that they show."""
    return WIKILINK.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    words = match["shown"] or _note(match["note"]) or match["part"] or ""
    return words.strip()


def _note(target: str) -> str:
    """The name of the note that a link names by a path; in tables the bar comes as ``\\|``."""
    return one_line(PurePosixPath(target.rstrip("\\").strip()).name.removesuffix(".md"))


def _headings(body: str, first: int) -> Iterator[tuple[int, str]]:
    """Line numbers and words of the headings."""
    for number, line in enumerate(lines_in(body), start=first):
        match = HEADING.match(line)
        words = one_line(plain(line[match.end() :][:1000]).rstrip(" \t#"), 80) if match else ""
        if words:
            yield number, words


def _front_matter(text: str) -> tuple[dict[str, list[str]], str, int]:
    """Fields, the text below, and the number of its first line; what is no YAML stays text."""
    if not text.startswith("---\n"):
        return {}, text, 1
    end = re.compile(r"^(?:---|\.\.\.)[ \t]*$\n?", re.M).search(text, 4, FRONT_MATTER)
    if end is None:
        return {}, text, 1
    fields = _fields(text[4 : end.start()])
    if fields is None:
        return {}, text, 1
    return fields, text[end.end() :], text.count("\n", 0, end.end()) + 1


def _fields(text: str) -> dict[str, list[str]] | None:
    """The texts of a YAML mapping by key in lower case, as written; None where it is none.

    Only composed, never constructed: nothing is converted. One with aliases says nothing here: a
    few bytes of them can stand for gigabytes.
    """
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            return {}
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        return None
    found: dict[str, list[str]] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            values = value.value if isinstance(value, yaml.SequenceNode) else [value]
            found[key.value.strip().lower()] = [
                part.value for part in values if isinstance(part, yaml.ScalarNode)
            ]
    return found
