"""A memory of three notes: ask it, see why a note was found, and what is forgotten by a date."""

import tempfile
from pathlib import Path

from engine.labs.memory_graph import Memory

NOTES = (
    ("Ada Lovelace wrote notes on the Analytical Engine.", "1843-08-01"),
    ("The Analytical Engine was designed by Charles Babbage.", "1837-12-26"),
    ("Charles Babbage lived in London.", "1840-01-01"),
)

with tempfile.TemporaryDirectory() as folder, Memory.open(Path(folder) / "my.memory") as memory:
    for text, when in NOTES:
        memory.add(text, when=when)
    question = "Who designed what Ada Lovelace wrote about?"
    for found in memory.ask(question, k=2):
        print(f"{found.score:.3f}  {found.text}")
    why = memory.explain(found.note, question=question)
    print("because of", ", ".join(part.name for part in why.seeds))
    for fate in memory.forget(at="1843-08-03"):
        print(f"note {fate.note}: retention {fate.retention:.2g}{', gone' if fate.gone else ''}")
