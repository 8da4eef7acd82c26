"""One step of A-MEM: the note that came, its neighbours, the decision, and what it rewrote."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.views.evolution_step import (
    FIELDS,
    NoteDiff,
    decision,
    described,
    history,
    most_changed,
    name_of,
    neighbour_table,
    step_diffs,
)
from pages.kit import palette, plain, say, section
from pages.kit.components.changes import Block, changes
from pages.panels.memory_graph.scene import pick

MOST_SHOWN = 100


def show_step(lab: Lab, result: Result, step: int) -> None:
    """Everything that happened when one note came."""
    when = result.notes["whens"][step]
    section(f"Step {step + 1}: what this note did")
    with st.container(border=True):
        st.markdown(f"**{plain(name_of(result, step))}** {plain(when)}")
        st.text(result.notes["texts"][step])
    left, right = st.columns(2, gap="large")
    with left:
        say(lab, f"**{decision(result, step)}**")
        rows = neighbour_table(result, step)
        if rows:
            st.caption("The nearest notes, which were looked at:")
            st.dataframe(
                rows,
                hide_index=True,
                width="stretch",
                column_config={"Cosine": st.column_config.NumberColumn(format="%.3f")},
            )
    with right:
        diffs = step_diffs(result, step)
        if not diffs:
            st.caption("No tag, keyword or context changes in this step.")
        else:
            changes(
                [_block(result, diff, step) for diff in diffs],
                key="memory_graph_step_changes",
                palette=palette(),
                label=f"Notes changed in step {step + 1}",
            )


def show_note(lab: Lab, result: Result, step: int, note: int, key: str) -> None:
    """One note (-1: none): what it says of itself after the step, and every change it had."""
    section("History of one note")
    count = int(result.number("notes"))
    pick(
        "Note",
        key,
        most_changed(result),
        [-1, *range(count)],
        lambda i: "Choose a note, or click it in the map" if i < 0 else name_of(result, i),
    )
    if note < 0:
        return
    st.text(result.notes["texts"][note])
    if note > step:
        st.caption(f"This note comes in step {note + 1}; step {step + 1} is shown.")
    else:
        now = described(result, note, step)
        rows = [(field, _still(now[field])) for field in FIELDS]
        changes(
            [Block(f"After step {step + 1}", "", rows)],
            key="memory_graph_note_now",
            palette=palette(),
            label=f"What the note says of itself after step {step + 1}",
        )
    if _unwritten(result):
        st.caption(
            "Switch (c): the note's own evolution_history is empty. What follows is the ledger "
            "that the lab keeps beside it."
        )
    ledger = list(history(result, note))
    say(lab, f"**{len(ledger)} change{'' if len(ledger) == 1 else 's'}** in {count} steps.")
    if len(ledger) > MOST_SHOWN:
        st.caption(f"The last {MOST_SHOWN} are shown.")
    if ledger:
        changes(
            [
                Block(
                    f"Step {change['step'] + 1}: {change['field']}",
                    f"{change['action']}, {_cause(result, change)}",
                    [(change["field"], parts)],
                )
                for change, parts in ledger[-MOST_SHOWN:]
            ],
            key="memory_graph_note_changes",
            palette=palette(),
            label=f"Changes of {name_of(result, note)}",
        )


def _block(result: Result, diff: NoteDiff, step: int) -> Block:
    own = diff.note == step
    caption = f"{', '.join(diff.actions)}{', the note that came' if own else ''}"
    rows = [
        (field, parts)
        if any(part.sign != "=" for part in parts)
        else (field, [*(parts or [("=", "none")]), ("=", "(unchanged)")])
        for field, parts in diff.rows
    ]
    return Block(name_of(result, diff.note), caption, rows)


def _still(value: str | list[str]) -> list[tuple[str, str]]:
    return [("=", value if isinstance(value, str) else ", ".join(value) or "none")]


def _cause(result: Result, change: dict[str, Any]) -> str:
    if change["cause"] == change["note"]:
        return "by its own arrival"
    return f"caused by {name_of(result, change['cause'])}"


def _unwritten(result: Result) -> bool:
    shown = next(row for row in result.notes["trials"] if row["name"] == result.notes["shown"])
    return shown["changes"] > 0 and shown["remembered"] == 0
