"""The files that an experiment of this lab reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pydantic import Field

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.jsonl import LIMIT_BYTES
from engine.io.paths import local_path, read_file
from engine.labs.memory_graph.sources import SAMPLES, made_here

UPLOAD = "input:"
FILES = ("corpus", "questions", "triples", "vectors", "trajectory")


def file_field(title: str, hint: str, *, default: str = "", widget: str = "line") -> Any:
    """A field that names a file; empty: none."""
    return Field(
        default,
        title=title,
        max_length=1024,
        json_schema_extra={
            "widget": widget,
            "options": "engine.labs.memory_graph.choices:samples",
            "help": hint,
        },
    )


class Memories(Config):
    """Passages: a sample, or a file or folder of the visitor's own."""

    corpus: str = file_field(
        "Memory",
        "a shipped one, or notes, papers and chats of your own: text, Markdown, a zip of a vault, "
        "PDF, JSON lines of turns or of title and text, GraphML",
        default=next(iter(SAMPLES)),
        widget="documents",
    )
    keep_rest: bool = Field(
        False, title="Skip bad lines", json_schema_extra={"help": "read what can be read"}
    )

    @property
    def files(self) -> tuple[str, ...]:
        """The fields that name files."""
        return tuple(name for name in FILES if name in type(self).model_fields)

    def admit(self, *, local: bool) -> None:
        """Samples and uploads; a page reads no other file of its machine."""
        for name in self.files:
            value = getattr(self, name)
            known = name == "corpus" and value in SAMPLES
            if value and not known and not value.startswith(UPLOAD):
                also = f"one of {', '.join(SAMPLES)} or " if name == "corpus" else ""
                raise BadInput(name, f"must be {also}an uploaded file")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """Files become addresses of their content, and so does a sample that is made here."""
        changes = {}
        for name in self.files:
            value = getattr(self, name)
            if name == "corpus" and value in SAMPLES:
                if made := made_here(value):
                    changes[name] = put(made, f"{value}.jsonl")
            elif value and not value.startswith(UPLOAD):
                path = local_path(value, field=name)
                if not path.is_file():
                    raise BadInput(name, f"{value[:80]!r} is not a file")
                changes[name] = put(read_file(path, field=name, limit=LIMIT_BYTES), path.name)
        return self.model_copy(update=changes) if changes else self


class Described(Memories):
    """A memory, and facts that were read out of its passages elsewhere."""

    triples: str = file_field(
        "Triples", "JSON lines of triples per passage; empty: none, no LLM", widget="file"
    )


class Files(Described):
    """A memory, questions about it, and what was computed from it elsewhere."""

    questions: str = file_field(
        "Questions",
        "JSON lines of question and gold passages; empty: those of the sample, none for a memory "
        "of your own",
        widget="file",
    )
    vectors: str = file_field(
        "Vectors", ".npz of sentence vectors of these passages; empty: none", widget="file"
    )
