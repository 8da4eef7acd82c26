"""Files of prompts, one a line."""

from __future__ import annotations

from pathlib import Path

from engine.core import BadInput
from engine.io.text import read_text

MOST_PROMPTS = 1000
LONGEST_PROMPT = 1000
FILE_BYTES = 1_000_000


def read_prompts(source: Path | bytes, field: str = "prompts") -> tuple[str, ...]:
    """Prompts of a UTF-8 file, one a line; empty lines are skipped.

    Raises BadInput: empty, binary, more than 1,000 prompts or a longer one than is read.
    """
    text = read_text(source, limit=FILE_BYTES, field=field)
    found = tuple(line.strip() for line in text.split("\n") if line.strip())
    if len(found) > MOST_PROMPTS:
        raise BadInput(field, f"at most {MOST_PROMPTS} prompts are read, it has {len(found):,}")
    for number, prompt in enumerate(found, start=1):
        if len(prompt) > LONGEST_PROMPT:
            raise BadInput(
                field, f"prompt {number} has {len(prompt):,} characters, at most {LONGEST_PROMPT}"
            )
    return found
