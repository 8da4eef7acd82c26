"""The language reference of the running interpreter as a memory: paragraphs of help topics."""

from __future__ import annotations

import json
import re
from pydoc_data.topics import topics

SHORTEST = 60
LONGEST = 900
_RULE = re.compile(r"^[*=\-~^]{3,}$")


def topics_corpus() -> bytes:
    """JSON lines of ``{idx, title, text}``: the topic's name and some paragraphs of it.

    What stands there is the interpreter's own, so another version of Python gives other passages.
    """
    rows = [
        {"title": name, "text": text} for name in sorted(topics) for text in _pieces(topics[name])
    ]
    lines = (json.dumps({"idx": i, **row}, ensure_ascii=False) for i, row in enumerate(rows))
    return "\n".join(lines).encode()


def _pieces(text: str) -> list[str]:
    """Paragraphs, short ones joined to the next: a heading or a line of grammar alone says little.

    A piece ends before it would pass ``LONGEST`` characters; a longer paragraph stays whole.
    """
    pieces, held = [], ""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in paragraph.splitlines()]
        words = " ".join(line for line in lines if line and not _RULE.match(line))
        if not words:
            continue
        if held and len(held) + len(words) > LONGEST:
            pieces.append(held)
            held = ""
        held = f"{held} {words}".strip()
        if len(held) >= SHORTEST:
            pieces.append(held)
            held = ""
    return [*pieces, held] if held else pieces
