"""The table of a story: edited in place, one row made anew, all others kept as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from engine.core import BadInput, EngramError, Experiment, Lab, Result
from engine.labs.motion.config.story import StoryConfig
from engine.labs.motion.story.places import SHAPES, START, read_places
from engine.labs.motion.story.rows import MOST_SECONDS, MOST_TIMES, Row, read_table, write_table
from engine.labs.motion.story.schedule import read_story
from pages.kit import complain, field_key, linked, on_phone, select, set_values

ROW = "motion.story_row"
REFUSED = "motion.story#refused"
HERE = "here"  # what the table shows where no place was said
AUTOMATIC = "auto"  # and where no length was
NARROW_ACTION = 150  # px, so that place and seconds are seen on a phone
COLUMNS = {"Action": "action", "Place": "place", "Seconds": "seconds", "Manner": "manner",
           "Times": "times"}  # fmt: skip


def table_of(config: StoryConfig) -> tuple[Row, ...]:
    """The rows as they are asked for: edited, or read from the story; raises BadInput."""
    edited = read_table(config.rows, config.story)
    return read_story(config.story, read_places(config.places)).rows if edited is None else edited


def show_rows(lab: Lab, experiment: Experiment, config: StoryConfig, result: Result | None) -> int:
    """The table with its buttons; returns the number of the chosen row."""
    if refused := st.session_state.pop(REFUSED, None):
        complain(refused)
    try:
        rows = table_of(config)
    except EngramError as error:
        complain(error)
        return 0
    chosen = linked(ROW, 0, low=0, high=len(rows) - 1)
    places = [HERE, *(place.name for place in read_places(config.places)), START, *SHAPES]
    odd = {row.place for row in rows if row.place} - set(places)
    # Another table for other rows: the settings are the one place where an edit is kept.
    key = f"motion.story_table.{abs(hash((config.story, config.rows, config.places)))}"
    kept = kept_rows(rows, result)
    narrow = on_phone()
    st.data_editor(
        {
            "Row": list(range(1, len(rows) + 1)),
            **{title: [getattr(row, name) for row in rows] for title, name in COLUMNS.items()},
            "Place": [row.place or HERE for row in rows],
            "Seconds": [row.seconds or None for row in rows],
        },
        key=key,
        hide_index=True,
        disabled=["Row"],
        num_rows="dynamic",
        width="stretch",
        placeholder=AUTOMATIC,
        column_order=list(COLUMNS) if narrow else None,
        column_config={
            "Row": st.column_config.NumberColumn(width="small"),
            "Action": st.column_config.TextColumn(
                required=True, width=NARROW_ACTION if narrow else "large"
            ),
            "Place": st.column_config.SelectboxColumn(
                options=[*places, *sorted(odd)], width="small" if narrow else None
            ),
            "Seconds": st.column_config.NumberColumn(
                min_value=0.0,
                max_value=MOST_SECONDS,
                step=0.5,
                help=f"{AUTOMATIC}, or 0: as long as the clip is, or as the way takes",
                width="small" if narrow else None,
            ),
            "Manner": st.column_config.TextColumn(),
            "Times": st.column_config.NumberColumn(min_value=1, max_value=MOST_TIMES, step=1),
        },
        on_change=_take,
        args=(lab, experiment, config, key, kept),
    )
    _buttons(lab, experiment, config, kept, chosen)
    return chosen


def kept_rows(rows: Sequence[Row], result: Result | None) -> list[Row]:
    """The rows with what the result played for each, so that an edit elsewhere leaves them."""
    if result is None:
        return list(rows)
    played = [Row(**row) for row in result.notes["rows"]]
    return [
        replace(row, kept=old.kept) if old is not None and _same(row, old) else row
        for row, old in zip(rows, [*played, *[None] * len(rows)], strict=False)
    ]


def _same(row: Row, old: Row) -> bool:
    return replace(row, kept="") == replace(old, kept="")


def edited_rows(kept: Sequence[Row], change: dict[str, Any]) -> list[Row]:
    """The rows after an edit of the table; a row that was changed is played anew."""
    rows: list[Row | None] = list(kept)
    for place, cells in change.get("edited_rows", {}).items():
        row = rows[int(place)]
        if row is not None:
            rows[int(place)] = replace(row, kept="", **_values(cells))
    for place in change.get("deleted_rows", []):
        rows[int(place)] = None
    added = [
        Row(**{"action": "", **_values(cells)})
        for cells in change.get("added_rows", [])
        if str(cells.get("Action") or "").strip()
    ]
    return [*(row for row in rows if row is not None), *added]


def _values(cells: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for title, value in cells.items():
        name = COLUMNS.get(title)
        if name == "place":
            found[name] = "" if value in (None, HERE) else str(value)
        elif name in ("action", "manner"):
            found[name] = str(value or "")
        elif name == "seconds":
            found[name] = float(value or 0.0)
        elif name == "times":
            found[name] = int(value or 1)
    return found


def _take(lab: Lab, experiment: Experiment, config: StoryConfig, key: str, kept: list[Row]) -> None:
    change = st.session_state[key]
    waiting = [row for row in change.get("added_rows", []) if not row.get("Action")]
    if waiting and not change.get("edited_rows") and not change.get("deleted_rows"):
        return  # a new row without an action is still being filled in
    set_rows(lab, experiment, config, edited_rows(kept, change))


def set_rows(lab: Lab, experiment: Experiment, config: StoryConfig, rows: Sequence[Row]) -> None:
    """Make the table these rows; what is wrong with them is said above it at the next run."""
    table = write_table(rows, config.story)
    try:
        StoryConfig.build(story=config.story, rows=table)
    except BadInput as error:
        st.session_state[REFUSED] = str(error)
        return
    set_values(lab, experiment, {"rows": table})


def _buttons(
    lab: Lab, experiment: Experiment, config: StoryConfig, kept: list[Row], chosen: int
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        widget = f"{ROW}#menu"
        st.session_state[widget] = chosen
        st.selectbox(
            "Row",
            list(range(len(kept))),
            format_func=lambda at: f"{at + 1}. {kept[at].text.removeprefix('a person ')}",
            key=widget,
            on_change=lambda: select(ROW, st.session_state[widget]),
            width=280,
        )
        st.button(
            "Make only this row anew",
            key=f"{ROW}#anew",
            icon=":material/refresh:",
            on_click=lambda: set_rows(
                lab,
                experiment,
                config,
                [
                    replace(row, kept="", take=row.take + 1) if at == chosen else row
                    for at, row in enumerate(kept)
                ],
            ),
        )
        if config.rounds < 5:
            st.button(
                "Go on",
                key="motion.story#go_on",
                icon=":material/fast_forward:",
                help="tell the story once more behind this, with other clips",
                on_click=lambda: set_values(
                    lab,
                    experiment,
                    {"rounds": config.rounds + 1, "rows": write_table(kept, config.story)},
                ),
            )
        if read_table(config.rows, config.story) is not None:
            st.button(
                "Back to the story",
                key="motion.story#reset",
                type="tertiary",
                icon=":material/undo:",
                on_click=lambda: st.session_state.update({field_key(lab, experiment, "rows"): ""}),
            )
