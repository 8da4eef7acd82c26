"""One step of A-MEM in words: who came, who was near, what was decided, and what each note says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.core.result import Result
from engine.labs.memory_graph.living.word_diff import Part, word_diff

FIELDS = ("tags", "keywords", "context")
SHORT = 60
Described = dict[str, str | list[str]]


class NoteDiff(NamedTuple):
    """A changed note, the rules that changed it, and (field, parts) for each described field."""

    note: int
    actions: tuple[str, ...]
    rows: list[tuple[str, list[Part]]]


def name_of(result: Result, note: int) -> str:
    """The number of a note, from 1, and its title."""
    label = result.notes["labels"][note]
    return f"{note + 1}. {label if len(label) <= SHORT else label[: SHORT - 1] + '…'}"


def frame_names(result: Result) -> list[str]:
    """What stands beside the slider at each step."""
    whens = result.notes["whens"]
    return [f"{name_of(result, i)} {whens[i]}".rstrip() for i in range(len(whens))]


def changes_at(result: Result, step: int) -> list[dict[str, Any]]:
    """Every change of a step, in the order in which they were made."""
    return [change for change in result.notes["changes"] if change["step"] == step]


def changed_notes(result: Result) -> list[list[int]]:
    """The older notes that each step changed, each once."""
    found: list[list[int]] = [[] for _ in result.notes["labels"]]
    for change in result.notes["changes"]:
        row = found[change["step"]]
        if change["note"] != change["cause"] and change["note"] not in row:
            row.append(change["note"])
    return found


def links_so_far(result: Result) -> np.ndarray:
    """Links that each note has, in either direction, after each step (step, note)."""
    links, size = result.array("link"), len(result.notes["labels"])
    made = np.zeros((size, size), np.int32)
    for end in (0, 1):
        np.add.at(made, (links[:, 0], links[:, end]), 1)
    return made.cumsum(axis=0)


def described(result: Result, note: int, step: int) -> Described:
    """Tags, keywords and context of a note after ``step``."""
    now: Described = dict(result.notes["first"][note])
    for change in result.notes["changes"]:
        if change["note"] == note and change["step"] <= step and change["field"] in FIELDS:
            now[change["field"]] = change["after"]
    return now


def step_diffs(result: Result, step: int) -> list[NoteDiff]:
    """What the step did to the note that came, if anything, and then to each older note."""
    rows = changes_at(result, step)
    notes = dict.fromkeys(row["note"] for row in rows if row["field"] in FIELDS)
    return [
        NoteDiff(
            note,
            tuple(dict.fromkeys(row["action"] for row in rows if row["note"] == note)),
            _rows(described(result, note, step - 1), described(result, note, step)),
        )
        for note in sorted(notes, key=lambda note: (note != step, note))
    ]


def history(result: Result, note: int) -> Iterator[tuple[dict[str, Any], list[Part]]]:
    """Every change of a note, oldest first, with its difference."""
    for change in result.notes["changes"]:
        if change["note"] == note:
            before, after = change["before"], change["after"]
            if change["field"] == "links":
                before, after = (_named(result, side) for side in (before, after))
            yield change, word_diff(before, after)


def neighbour_table(result: Result, step: int) -> list[dict[str, object]]:
    """The notes that the analyst was shown, nearest first, and what was done to each."""
    links = result.array("link")
    linked = set(links[links[:, 0] == step, 1].tolist())
    changed = set(changed_notes(result)[step])
    rows = []
    near = zip(result.array("near")[step].tolist(), result.array("cosine")[step], strict=True)
    for note, cosine in near:
        if note < 0:
            continue
        done = ["linked"] * (note in linked) + ["rewritten"] * (note in changed)
        rows.append(
            {
                "Cosine": float(cosine),
                "Done": ", ".join(done) or "nothing",
                "Note": name_of(result, note),
            }
        )
    return rows


def decision(result: Result, step: int) -> str:
    """What was decided at a step and what that did, in one or two sentences."""
    actions = result.notes["actions"][step]
    if step == 0:
        return "The first note: there is nothing yet to compare it with."
    if not actions:
        return "Nothing is near enough: no link, and no note changes."
    links = int(result.array("links_made")[step])
    notes = int(result.array("notes_changed")[step])
    near = set(result.array("near")[step].tolist())
    strays = [note for note in changed_notes(result)[step] if note not in near]
    found = (
        f"Decision: {', '.join(actions)}. {_count(links, 'link')} to older notes, "
        f"{_count(notes, 'older note')} changed."
    )
    if strays:
        found += (
            f" {len(strays)} of them was never a neighbour of the note that came."
            if (len(strays) == 1)
            else f" {len(strays)} of them were never neighbours of the note that came."
        )
    return found


def busiest_step(result: Result) -> int:
    """The first step with the most edits; where there is none, the first with the most links."""
    edits = result.array("edits")
    return int(np.argmax(edits if edits.any() else result.array("links_made")))


def most_changed(result: Result) -> int:
    """The note that others changed most often, the first of equals; -1 where none was changed."""
    counts = np.zeros(len(result.notes["labels"]), np.int64)
    for change in result.notes["changes"]:
        counts[change["note"]] += change["note"] != change["cause"]
    return int(counts.argmax()) if counts.any() else -1


def _rows(before: Described, after: Described) -> list[tuple[str, list[Part]]]:
    return [(field, word_diff(before[field], after[field])) for field in FIELDS]


def _named(result: Result, ids: Sequence[str]) -> list[str]:
    return [name_of(result, int(one[1:])) for one in ids]


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
