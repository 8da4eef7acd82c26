"""What reading makes: documents with their provenance, and an honest account of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.core.errors import BadInput
from engine.labs.memory_graph.corpus import Corpus, Passage, as_corpus
from engine.labs.memory_graph.openie import Triple

FIELD = "documents"
MOST_DOCUMENTS = 200_000
# One sentence each: a hundred tell as much as a million.
MOST_SENTENCES = 100
LONGEST_TITLE = 300
LINKS = "links to"


@dataclass(frozen=True, slots=True)
class Document:
    """A titled text of a sensible length.

    ``when`` is an ISO date (2024-05-31) or None. ``source`` is the file's name and the place in it.
    ``links`` are titles that the text points to, which need not exist and may form circles.
    ``aliases`` are other names that links may call it by. ``triples`` are facts that came with it.
    ``scope`` names the conversation; ``spoken`` marks a turn of one, whose title is its speaker.
    """

    title: str
    text: str
    when: str | None = None
    source: str = ""
    links: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    triples: tuple[Triple, ...] = ()
    scope: str = ""
    spoken: bool = False

    @property
    def facts(self) -> tuple[Triple, ...]:
        """The facts that came with it, its links among them."""
        links = [Triple(self.title, LINKS, link) for link in self.links if self.title]
        return (*self.triples, *links)

    @property
    def passage(self) -> Passage:
        """The same as a passage of a corpus."""
        return Passage(self.title, self.text, self.source, self.when or "", self.scope)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a place in one, that was left out, and one sentence that says why."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


@dataclass(frozen=True)
class Documents:
    """What was read. ``skipped`` and ``notices`` hold the first hundred sentences each.

    ``skipped_count`` counts all that was left out and ``duplicates`` the texts that were there
    already; a notice tells what was kept but looks odd, such as a date in the future.
    """

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()
    skipped_count: int = 0
    duplicates: int = 0
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    @property
    def corpus(self) -> Corpus:
        """The documents as a corpus; ids are positions."""
        return as_corpus([document.passage for document in self.documents])

    @property
    def triples(self) -> tuple[tuple[Triple, ...], ...]:
        """The facts that came with each document, in the same order."""
        return tuple(document.triples for document in self.documents)


@dataclass
class Found:
    """What the readers add to while they read; ``keep_rest``: a bad entry is left out and told."""

    keep_rest: bool = False
    documents: list[Document] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    skipped_count: int = 0
    notices: list[str] = field(default_factory=list)

    def add(self, document: Document) -> None:
        """Keep a document; raises BadInput where there are more than a memory can hold."""
        if len(self.documents) >= MOST_DOCUMENTS:
            raise BadInput(FIELD, f"at most {MOST_DOCUMENTS:,} passages are read")
        self.documents.append(document)

    def skip(self, source: str, reason: str) -> None:
        """Leave something out, with the reason."""
        self.skipped_count += 1
        if len(self.skipped) < MOST_SENTENCES:
            self.skipped.append(Skipped(source, reason))

    def merge(self, other: Found) -> None:
        """Take over what another one found; raises BadInput as ``add`` does."""
        for document in other.documents:
            self.add(document)
        for skipped in other.skipped:
            self.skip(skipped.source, skipped.reason)
        self.skipped_count += other.skipped_count - len(other.skipped)
        for sentence in other.notices:
            self.notice(sentence)

    def notice(self, sentence: str) -> None:
        """Tell something about what was kept."""
        if len(self.notices) < MOST_SENTENCES:
            self.notices.append(sentence)


def clean(text: str) -> str:
    """``text`` without what no screen and no database takes: zero bytes and half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def one_line(text: str, most: int = LONGEST_TITLE) -> str:
    """``text`` as a title: one line, at most ``most`` characters; markup in it stays text."""
    return " ".join(clean(text[: 4 * most]).split())[:most]
