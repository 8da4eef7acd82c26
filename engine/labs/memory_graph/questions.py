"""Questions with the passages that answer them.

Read are JSON lines of ``{id, question, answer, gold, hops or type, decomposition}`` (the reference
data), LoCoMo's ``{conv, qid, question, evidence, category_name}``, and the raw question files of
HippoRAG: MuSiQue's ``paragraphs`` and HotpotQA's ``supporting_facts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import BadInput
from engine.io.jsonl import Rows, read_rows
from engine.labs.memory_graph.corpus import Corpus, text_of

FIELD = "questions"
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a decomposed question; ``passage`` is the position of its gold passage."""

    question: str
    answer: str
    passage: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question; ``gold`` holds positions in the corpus.

    ``group`` is what results are broken down by: "2 hops", "bridge", "temporal"; ``category`` its
    number where the data have one (LoCoMo), else 0. ``entities`` are names that came with the
    question (found by a language model), None where none came.
    """

    text: str
    gold: tuple[int, ...] = ()
    id: str = ""
    answer: str = ""
    group: str = ""
    hops: tuple[Hop, ...] = ()
    entities: tuple[str, ...] | None = None
    scope: str = ""
    category: int = 0


def load_questions(
    source: Path | str | bytes, corpus: Corpus, *, keep_rest: bool = False
) -> Rows[Question]:
    """The questions of a file or upload, their gold as positions in ``corpus``.

    A question whose list of gold is empty, as some of LoCoMo's are, is left out and told: it asks
    for nothing that can be recalled. Raises BadInput("questions") for a bad line (naming it), a
    gold passage that the corpus lacks, and where no question is left; with ``keep_rest`` bad lines
    are left out.
    """

    def convert(row: dict[str, Any], place: str) -> Question:
        text = text_of(row, "question", FIELD)
        if not text.strip() or len(text) > LONGEST:
            raise BadInput(FIELD, f"a question has 1 to {LONGEST:,} characters")
        gold = tuple(dict.fromkeys(_gold(row, corpus)))
        return Question(
            text=text,
            gold=gold,
            id=_short(row.get("id", row.get("qid", row.get("_id", place)))),
            answer=_short(row.get("answer")),
            group=_group(row),
            hops=_hops(row.get("decomposition"), corpus),
            entities=_entities(row.get("query_entities")),
            scope=text_of(row, "conv", FIELD, ""),
            category=_category(row.get("category")),
        )

    rows = read_rows(source, convert, field=FIELD, keep_rest=keep_rest)
    kept = tuple(question for question in rows.items if question.gold)
    if not kept:
        raise BadInput(FIELD, "no question names a gold passage")
    without = len(rows.items) - len(kept)
    if not without:
        return rows
    told = f"{without} questions name no gold passage and are left out"
    return Rows(kept, rows.left_out + without, (*rows.sentences, told))


def _gold(row: dict[str, Any], corpus: Corpus) -> list[int]:
    if "gold" in row:
        return [_position(key, corpus) for key in _list(row, "gold")]
    if "evidence" in row:
        conversation = row.get("conv", "")
        return [_position((conversation, key), corpus) for key in _list(row, "evidence")]
    if "paragraphs" in row:
        supporting = [part for part in _list(row, "paragraphs") if part.get("is_supporting")]
        texts = [part.get("paragraph_text", part.get("text", "")) for part in supporting]
        contents = [
            f"{part.get('title', '')}\n{text}" for part, text in zip(supporting, texts, strict=True)
        ]
        return [_named(content, corpus.by_content) for content in contents]
    if "supporting_facts" in row:
        return [_named(fact[0], corpus.by_title) for fact in _list(row, "supporting_facts")]
    raise BadInput(FIELD, 'a list "gold" (or "evidence", "paragraphs") is required')


def _content(paragraph: dict[str, Any]) -> str:
    text = paragraph.get("paragraph_text", paragraph.get("text", ""))
    return f"{paragraph.get('title', '')}\n{text}"


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row[name]
    kinds = {"paragraphs": dict, "supporting_facts": list}.get(name, (int, str))
    if not isinstance(value, list) or not all(isinstance(part, kinds) for part in value):
        raise BadInput(FIELD, f'"{name}" is not the list that it should be')
    if name == "supporting_facts" and not all(part for part in value):
        raise BadInput(FIELD, '"supporting_facts" holds an empty pair')
    return value


def _position(key: Any, corpus: Corpus) -> int:
    parts = key if isinstance(key, tuple) else (key,)
    known = all(isinstance(part, int | str) and not isinstance(part, bool) for part in parts)
    if not known or key not in corpus.places:
        shown = key[1] if isinstance(key, tuple) else key
        raise BadInput(FIELD, f"the corpus has no passage {str(shown)[:40]!r}")
    return corpus.places[key]


def _named(name: Any, places: dict[str, int]) -> int:
    if not isinstance(name, str) or name not in places:
        raise BadInput(FIELD, f"the corpus has no passage {str(name)[:40]!r}")
    return places[name]


def _group(row: dict[str, Any]) -> str:
    if row.get("kind") is None and isinstance(row.get("hops"), int):
        return f"{row['hops']} hops"
    return _short(row.get("kind", row.get("type", row.get("category_name"))))


def _category(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value <= 1_000_000 else 0


def _hops(steps: Any, corpus: Corpus) -> tuple[Hop, ...]:
    """The decomposition where it is whole; a step without a passage of this corpus makes none."""
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return ()
    places = [
        corpus.places.get(_hashable(step.get("passage", step.get("entry")))) for step in steps
    ]
    return tuple(
        Hop(_short(step.get("question")), _short(step.get("answer")), place)
        for step, place in zip(steps, places, strict=True)
        if place is not None and None not in places
    )


def _hashable(value: Any) -> Any:
    return value if isinstance(value, int | str) else None


def _entities(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(part for part in value if isinstance(part, str))


def _short(value: Any) -> str:
    return "" if value is None else str(value)[:LONGEST]
