"""View 5: where the numbers of a matrix lie, and what the layout of the cache costs."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Config, Lab, Result
from engine.labs.memory_hardware.views.mapping import (
    COLOURS,
    describe_layouts,
    describe_space,
    draw_growth,
    draw_layouts,
    draw_window,
    growth_table,
    layout_table,
    place_words,
)
from pages.kit import (
    View,
    choose,
    explain,
    form,
    linked,
    obtain,
    palette,
    say,
    section,
    select,
    show,
    take_away,
)
from pages.panels.memory_hardware.scene import MODEL

FIELDS = ("matrix", "top", "left")
LAID = ("key_layout", "value_layout", "tokens", "weights", "change")
CELL_Y, CELL_X = "memory_hardware.cell_y", "memory_hardware.cell_x"


@dataclass(frozen=True)
class Laid:
    """The lab and what is to be laid out."""

    lab: Lab
    config: Config


def mapping_settings(lab: Lab) -> Laid:
    """Model and memory, the matrix to look at, the layouts."""
    return Laid(lab, form(lab, lab.experiment("mapping"), fields=(*MODEL, *FIELDS, *LAID)))


def show_mapping(laid: Laid) -> None:
    """A window of the matrix, then what the cache's layouts cost."""
    section(
        "Where every number lies",
        "A matrix is dealt over channels, banks and rows. Click a number: it lights up with all "
        "that share its row, which are there after one activate.",
    )
    lab, experiment = laid.lab, laid.lab.experiment("mapping")
    obtained = obtain(lab, experiment, laid.config)
    if obtained.result is None:
        return
    result = obtained.result
    _show_window(result)
    say(lab, describe_space(result))
    section(
        "Rows or columns?",
        "A new token is written once and read by every token after it. Laid by rows, its key is a "
        "few columns of one row; laid by columns, each of its numbers opens a row of its own. "
        "Switch the layouts on the left.",
    )
    if not result.metrics["own_layouts"]:
        st.markdown("This memory has no MAC units: what is read over the pins lies back to back.")
        take_away(lab, experiment, obtained)
        return
    say(lab, describe_layouts(result))
    figure = draw_layouts(result, palette())
    show(
        figure,
        "memory_hardware_layouts",
        figure.layout.meta["alt"],
        export=lambda: {key: [row[key] for row in layout_table(result)]
                        for key in layout_table(result)[0]},
    )  # fmt: skip
    st.dataframe(
        layout_table(result),
        hide_index=True,
        width="stretch",
        column_config={
            "ns": st.column_config.NumberColumn(format="localized"),
            "Row hits": st.column_config.NumberColumn(format="percent"),
        },
    )
    figure = draw_growth(result, palette())
    show(
        figure,
        "memory_hardware_layout_growth",
        figure.layout.meta["alt"],
        export=lambda: growth_table(result),
    )
    explain(lab, "Layouts", **_numbers(result))
    take_away(lab, experiment, obtained)


def _show_window(result: Result) -> None:
    high, wide = result.array("bank").shape
    y = linked(CELL_Y, 0, low=0, high=high - 1)
    x = linked(CELL_X, 0, low=0, high=wide - 1)
    colour = choose("Colour", COLOURS, "memory_hardware.colour")
    figure = draw_window(result, palette(), colour=colour, chosen=(y, x))
    names = ("channel", "bank", "row", "offset")
    show(
        figure,
        "memory_hardware_mapping",
        figure.layout.meta["alt"],
        export=lambda: {name: result.array(name).ravel() for name in names},
        on_select=_picked,
    )
    left, right, words = st.columns([1, 1, 4], vertical_alignment="bottom")
    with left:
        _number("Row of the window", CELL_Y, y, high)
    with right:
        _number("Column of the window", CELL_X, x, wide)
    words.markdown(place_words(result, y, x))


def _number(label: str, key: str, value: int, count: int) -> None:
    widget = f"{key}#number"
    st.session_state[widget] = value
    st.number_input(
        label, 0, count - 1, key=widget, on_change=lambda: select(key, st.session_state[widget])
    )


def _picked() -> None:
    points = st.session_state["memory_hardware_mapping"].selection.points
    if points:
        select(CELL_Y, round(points[0]["y"]))
        select(CELL_X, round(points[0]["x"]))


def _numbers(result: Result) -> dict[str, float | int | str]:
    banks = int(result.number("channels") * result.number("banks"))
    return {"banks": banks, "layers": int(result.number("layers"))}


VIEW = View("Mapping", mapping_settings, show_mapping)
