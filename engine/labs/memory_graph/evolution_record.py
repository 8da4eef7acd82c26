"""A grown A-MEM memory as arrays over steps and as notes that survive JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.result import Field
from engine.labs.memory_graph.arrivals import Arrivals
from engine.labs.memory_graph.living.course import Course

DESCRIBED = ("tags", "keywords", "context")


def identity(place: int) -> str:
    """The id of the note that came as number ``place``, from 0."""
    return f"n{place}"


def position(name: str) -> int:
    """The number of the note with that id."""
    return int(name[1:])


def steps_of(course: Course, neighbours: int) -> dict[str, Field]:
    """Links, neighbours and counts of every step."""
    size = len(course.memory)
    near = np.full((size, neighbours), -1, np.int32)
    cosine = np.zeros((size, neighbours), np.float32)
    for name, decision in course.decisions.items():
        for place, (other, value) in enumerate(decision.near):
            near[position(name), place] = position(other)
            cosine[position(name), place] = value
    links = [(position(note.id), position(to)) for note in course.memory.store for to in note.links]
    made = np.bincount([source for source, _ in links], minlength=size)
    edits = [(edit.step, position(edit.note)) for edit in course.edits]
    each = np.bincount([step for step, _ in edits], minlength=size)
    notes = np.bincount([step for step, _ in set(edits)], minlength=size)
    return {
        "link": Field(np.array(links, np.int32).reshape(-1, 2), ("link", "end")),
        "near": Field(near, ("step", "place")),
        "cosine": Field(cosine, ("step", "place")),
        "links_made": Field(made.astype(np.int32), ("step",)),
        "notes_changed": Field(notes.astype(np.int32), ("step",)),
        "edits": Field(each.astype(np.int32), ("step",)),
    }


def told(course: Course, arrivals: Arrivals) -> dict[str, Any]:
    """Texts, what each note said of itself before it changed, every change and every decision."""
    first = {
        note.id: {field: getattr(note, field) for field in DESCRIBED}
        for note in course.memory.store
    }
    for change in reversed(course.memory.store.ledger):
        if change.field in DESCRIBED:
            first[change.note][change.field] = change.before
    return {
        "labels": arrivals.labels,
        "texts": list(arrivals.texts),
        "whens": [passage.when if arrivals.dated else "" for passage in arrivals.passages],
        "dated": arrivals.dated,
        "conversations": list(arrivals.conversations),
        "first": list(first.values()),
        "changes": [
            {
                "note": position(change.note),
                "step": change.step,
                "field": change.field,
                "before": change.before,
                "after": change.after,
                "cause": position(change.cause),
                "action": change.action,
            }
            for change in course.memory.store.ledger
        ],
        "actions": [
            decision.answer.actions
            if (decision := course.decisions.get(identity(step))) and decision.answer.should_evolve
            else []
            for step in range(len(course.memory))
        ],
    }
