"""Open information extraction by a language model: two calls a passage (HippoRAG, section 2.2).

Names first, then triples that are conditioned on them. A reply that cannot be read costs its
passage and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.labs.memory_graph.language.chat import Chat, Reply, RequestRefused
from engine.labs.memory_graph.language.prompts import LONGEST_PASSAGE, ask_names, ask_triples
from engine.labs.memory_graph.language.reading import clean, find_object, texts
from engine.labs.memory_graph.openie import Triple

NAME_TOKENS = 512
TRIPLE_TOKENS = 1_024
MOST_NAMES = 200
MOST_TRIPLES = 400
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class PassageReading:
    """What was read out of one passage.

    ``trouble``: why it could not be read ("unreadable" or the refusal), empty where it could.
    ``malformed`` counts triples that had not three texts; ``shortened`` tells that its end was not
    shown.
    """

    names: tuple[str, ...] = ()
    triples: tuple[Triple, ...] = ()
    replies: tuple[Reply, ...] = ()
    trouble: str = ""
    malformed: int = 0
    shortened: bool = False

    @property
    def read(self) -> bool:
        """Whether both replies could be read."""
        return not self.trouble

    @property
    def unreadable(self) -> bool:
        """Whether a reply was none of the JSON that was asked for."""
        return self.trouble == UNREADABLE


def read_passage(chat: Chat, content: str) -> PassageReading:
    """Names and triples of a passage, each once.

    Raises ChatError and LimitExceeded, which stop a run.
    """
    shortened = len(content) > LONGEST_PASSAGE
    replies: list[Reply] = []
    names: tuple[str, ...] = ()

    def failed(trouble: str) -> PassageReading:
        return PassageReading(names, (), tuple(replies), trouble, 0, shortened)

    try:
        replies.append(chat.complete(ask_names(content), NAME_TOKENS))
        found = find_object(replies[-1].text, "names")
        listed = texts(found["names"], MOST_NAMES) if found else None
        if listed is None:
            return failed(UNREADABLE)
        names = tuple(listed)
        replies.append(chat.complete(ask_triples(content, names), TRIPLE_TOKENS))
    except RequestRefused as refusal:
        return failed(str(refusal))
    found = find_object(replies[-1].text, "triples")
    rows = found["triples"] if found else None
    if not isinstance(rows, list):
        return failed(UNREADABLE)
    rows = rows[:MOST_TRIPLES]
    triples = [triple for triple in map(_triple, rows) if triple]
    if rows and not triples:
        return failed(UNREADABLE)
    kept = tuple(dict.fromkeys(triples))
    return PassageReading(names, kept, tuple(replies), "", len(rows) - len(triples), shortened)


def _triple(row: Any) -> Triple | None:
    """Three texts, as a list or under the names of their places."""
    if isinstance(row, dict):
        row = [row.get("subject"), row.get("relation", row.get("predicate")), row.get("object")]
    if not isinstance(row, list) or len(row) != 3:
        return None
    if not all(isinstance(part, str | int | float) for part in row):
        return None
    subject, relation, target = (clean(str(part)) for part in row)
    return Triple(subject, relation, target) if subject and target else None
