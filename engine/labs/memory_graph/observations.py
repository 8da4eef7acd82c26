"""Notes that somebody made from passages, each with the passages that it was made from.

Read are LoCoMo's observations, JSON lines of ``{conv, text, evidence}``; ``evidence`` holds ids of
the corpus, some of them several in one text ("D22:21, D22:23").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import BadInput
from engine.io.jsonl import Rows, read_rows
from engine.labs.memory_graph.corpus import LONGEST, Corpus, text_of

FIELD = "observations"
SEVERAL = re.compile(r"\s*[,;]\s*")


@dataclass(frozen=True, slots=True)
class Observation:
    """A note; ``evidence`` are positions in the corpus, at least one."""

    text: str
    evidence: tuple[int, ...]
    scope: str = ""


def load_observations(
    source: Path | str | bytes, corpus: Corpus, *, keep_rest: bool = False
) -> Rows[Observation]:
    """The observations of a file or upload.

    Raises BadInput("observations") for a bad line, naming it, and for evidence that the corpus
    lacks; with ``keep_rest`` such lines are left out.
    """

    def convert(row: dict[str, Any], place: str) -> Observation:
        text, scope = text_of(row, "text", FIELD), text_of(row, "conv", FIELD, "")
        if not text.strip() or len(text) > LONGEST:
            raise BadInput(FIELD, f"a note has 1 to {LONGEST:,} characters")
        names = row.get("evidence")
        if not isinstance(names, list) or not names:
            raise BadInput(FIELD, 'a list "evidence" of ids of passages is required')
        places = [
            _position(part, scope, corpus)
            for name in names
            for part in (SEVERAL.split(name) if isinstance(name, str) else [name])
        ]
        return Observation(text, tuple(dict.fromkeys(places)), scope)

    return read_rows(source, convert, field=FIELD, keep_rest=keep_rest)


def _position(name: Any, scope: str, corpus: Corpus) -> int:
    key = (scope, name) if scope else name
    if not isinstance(name, str | int) or key not in corpus.places:
        raise BadInput(FIELD, f"the corpus has no passage {str(name)[:40]!r}")
    return corpus.places[key]
