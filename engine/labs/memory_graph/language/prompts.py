"""What a model is asked. Our own words: the papers' tasks, not their prompts.

HippoRAG (arXiv 2405.14831) reads a passage in two calls, names first; A-MEM (arXiv 2502.12110)
describes a note and decides what it changes; HippoRAG 2 (arXiv 2502.14802) weeds out linked facts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from engine.labs.memory_graph.language.chat import Message

LONGEST_PASSAGE = 12_000  # characters; what lies beyond is not shown
LONGEST_NOTE = 4_000

_EXAMPLE = (
    "The Lantern Quay\nThe Lantern Quay is a harbour theatre in Port Merrow. It opened in 1906 "
    "and was designed by Ida Holm, who later moved to Ghent."
)
_EXAMPLE_NAMES = ["The Lantern Quay", "Port Merrow", "1906", "Ida Holm", "Ghent"]
_EXAMPLE_TRIPLES = [
    ["The Lantern Quay", "is a", "harbour theatre"],
    ["The Lantern Quay", "is in", "Port Merrow"],
    ["The Lantern Quay", "opened in", "1906"],
    ["The Lantern Quay", "was designed by", "Ida Holm"],
    ["Ida Holm", "moved to", "Ghent"],
]

_NAMES = (
    "List the names that a text mentions: people, groups, places, works, events, products, and "
    "dates or numbers that identify something. Copy each as it is written, once. Answer with JSON "
    'only: {"names": ["...", "..."]}'
)
_TRIPLES = (
    "Turn a text into facts, using the names found in it. A fact is [subject, relation, object], "
    "three short phrases. Each fact has one of the names at one end, or at both. Put names in the "
    "place of pronouns. State what the text says and nothing else. Answer with JSON only: "
    '{"triples": [["subject", "relation", "object"]]}'
)
_QUESTION = (
    "List the names in a question that could be looked up: people, groups, places, works, events, "
    'dates. Do not answer it. Answer with JSON only: {"names": ["..."]}'
)
_FACTS = (
    "A search returned facts for a question. Keep those that help to answer it, directly or as a "
    "step on the way; keep none if none helps. Copy the kept facts unchanged. Answer with JSON "
    'only: {"facts": [["subject", "relation", "object"]]}'
)
_ANALYSE = (
    "Describe a note for a memory. keywords: at least three words or short phrases that carry its "
    "meaning, the weightiest first, neither the speaker nor the time. context: one sentence on its "
    "topic, its main points and its purpose. tags: at least three broad classes for it. Answer "
    'with JSON only: {"keywords": ["..."], "context": "...", "tags": ["..."]}'
)
_EVOLVE = (
    "A new note comes into a memory. Decide what it changes, given the notes nearest to it. "
    '"strengthen" links the new note to the neighbours it belongs with: put their ids into '
    "suggested_connections, and the new note's tags as they should be into tags_to_update. "
    '"update_neighbor" describes neighbours anew in the light of the new note: '
    "new_context_neighborhood and new_tags_neighborhood have one entry for each neighbour, in the "
    "order shown; repeat what should stay. should_evolve is false where nothing changes. Answer "
    'with JSON only: {"should_evolve": true, "actions": ["strengthen", "update_neighbor"], '
    '"suggested_connections": ["id"], "tags_to_update": ["..."], "new_context_neighborhood": '
    '["..."], "new_tags_neighborhood": [["..."]]}'
)


def ask_names(passage: str) -> list[Message]:
    """The names of a passage: title, newline, text."""
    return [
        Message("system", _NAMES),
        Message("user", _EXAMPLE),
        Message("assistant", _json({"names": _EXAMPLE_NAMES})),
        Message("user", passage[:LONGEST_PASSAGE]),
    ]


def ask_triples(passage: str, names: Sequence[str]) -> list[Message]:
    """The facts of a passage, given its names."""
    return [
        Message("system", _TRIPLES),
        Message("user", _with_names(_EXAMPLE, _EXAMPLE_NAMES)),
        Message("assistant", _json({"triples": _EXAMPLE_TRIPLES})),
        Message("user", _with_names(passage[:LONGEST_PASSAGE], names)),
    ]


def ask_question_names(question: str) -> list[Message]:
    """The names of a question."""
    return [
        Message("system", _QUESTION),
        Message("user", "Who designed the theatre on the Lantern Quay in Port Merrow?"),
        Message("assistant", _json({"names": ["Lantern Quay", "Port Merrow"]})),
        Message("user", question),
    ]


def ask_useful_facts(question: str, facts: Sequence[Sequence[str]]) -> list[Message]:
    """Which of a few linked facts serve the question."""
    shown = _json({"question": question, "facts": [list(fact) for fact in facts]})
    return [Message("system", _FACTS), Message("user", shown)]


def ask_description(content: str) -> list[Message]:
    """Keywords, context and tags of a note."""
    return [Message("system", _ANALYSE), Message("user", content[:LONGEST_NOTE])]


def ask_evolution(note: dict[str, Any], neighbours: Sequence[dict[str, Any]]) -> list[Message]:
    """What a new note changes among its neighbours, the nearest first."""
    shown = _json({"new_note": note, "neighbours": list(neighbours)})
    return [Message("system", _EVOLVE), Message("user", shown)]


def _with_names(passage: str, names: Sequence[str]) -> str:
    return f"{passage}\n\nNames: {_json(list(names))}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
