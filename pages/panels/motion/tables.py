"""Short tables that are read whole: words break, where a grid would cut its cells off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.kit import on_phone, plain


def show_rows(rows: Sequence[Mapping[str, str]], alt: str) -> None:
    """Rows with the same columns, of which the first names the row; ``alt`` says what they hold.

    A phone has no room for columns: there each row is a paragraph, its cells with their titles.
    """
    if on_phone():
        st.caption("\n\n".join(map(_as_words, rows)))
        return
    st.table(
        [{plain(title): plain(cell) for title, cell in row.items()} for row in rows],
        border="horizontal",
        hide_index=True,
        alt=alt,
    )


def _as_words(row: Mapping[str, str]) -> str:
    (_, name), *cells = row.items()
    told = " · ".join(f"{plain(title)} {plain(cell)}" for title, cell in cells if cell)
    return f"**{plain(name)}**  \n{told}"
