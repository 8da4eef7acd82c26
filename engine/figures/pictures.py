"""Pictures in rows and columns, each with a line under it: a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import escape
from engine.figures.palette import Palette

MOST_PICTURES = 600
# In pictures' widths: the room between columns, and that for the line under a row.
GAP, LINE = 0.14, 0.30


@dataclass(frozen=True, eq=False)
class PictureGrid:
    """Pictures uint8 (rows, columns, height, width, 3) with their words.

    ``under`` has a line for each place ("" for none); ``marks`` (rows, columns) points into
    ``mark_names``, -1 for none: a frame with a sign, such as "extracted". ``present`` (rows,
    columns) is False where a place stays empty. Raises BadInput for shapes that differ.
    """

    pictures: np.ndarray
    row_labels: Sequence[str]
    column_labels: Sequence[str]
    title: str
    alt: str
    under: Sequence[Sequence[str]] = ()
    marks: np.ndarray | None = None
    mark_names: Sequence[str] = field(default=())
    present: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = self.pictures.shape
        if len(shape) != 5 or shape[-1] != 3 or self.pictures.dtype != np.uint8:
            raise BadInput("pictures", f"must be uint8 (rows, columns, height, width, 3), "
                           f"not {self.pictures.dtype} {shape}")  # fmt: skip
        if not 1 <= shape[0] * shape[1] <= MOST_PICTURES:
            raise BadInput("pictures", f"1 to {MOST_PICTURES} are drawn, not {shape[0] * shape[1]}")
        if (len(self.row_labels), len(self.column_labels)) != shape[:2]:
            raise BadInput("labels", f"{shape[:2]} rows and columns need as many labels")
        if self.under and {len(line) for line in self.under} != {shape[1]}:
            raise BadInput("under", f"needs {shape[1]} words in each of {shape[0]} rows")
        for name in ("marks", "present"):
            given = getattr(self, name)
            if given is not None and given.shape != shape[:2]:
                raise BadInput(name, f"must be {shape[:2]}, not {given.shape}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pictures.shape[0], self.pictures.shape[1]

    def here(self, row: int, column: int) -> bool:
        """Whether a place has a picture."""
        return self.present is None or bool(self.present[row, column])

    def line(self, row: int, column: int) -> str:
        """The words under a picture."""
        return self.under[row][column] if self.under else ""

    def mark(self, row: int, column: int) -> str:
        """The word of a picture's frame, "" for none."""
        at = -1 if self.marks is None else int(self.marks[row, column])
        return self.mark_names[at] if at >= 0 else ""

    def table(self) -> dict[str, list[object]]:
        """A row for each picture, for CSV."""
        places = [(r, c) for r in range(self.shape[0]) for c in range(self.shape[1])
                  if self.here(r, c)]  # fmt: skip
        return {
            "row": [self.row_labels[r] for r, _ in places],
            "column": [self.column_labels[c] for _, c in places],
            "words": [self.line(*place) for place in places],
            "mark": [self.mark(*place) for place in places],
        }


def draw_pictures(grid: PictureGrid, palette: Palette, *, size: int = 72) -> go.Figure:
    """The grid as a figure, pictures ``size`` pixels wide; the twin of the page's component."""
    rows, columns = grid.shape
    high = grid.pictures.shape[2] / grid.pictures.shape[3]
    across, down = 1 + GAP, high + GAP + (LINE if grid.under else 0)
    figure = go.Figure()
    for row in range(rows):
        for column in range(columns):
            if not grid.here(row, column):
                continue
            left, top = column * across, row * down
            pixels = grid.pictures[row, column]
            step = 1 / pixels.shape[1]
            figure.add_image(
                z=pixels, x0=left + step / 2, dx=step, y0=top + step / 2, dy=step,
                name=escape(f"{grid.row_labels[row]}, {grid.column_labels[column]}"),
                hoverinfo="name",
            )  # fmt: skip
            if word := grid.mark(row, column):
                slot = list(grid.mark_names).index(word)
                figure.add_shape(
                    type="rect", x0=left, x1=left + 1, y0=top, y1=top + high,
                    line={"color": palette.category(slot), "width": 3},
                )  # fmt: skip
            if grid.under:
                figure.add_annotation(
                    x=left + 0.5, y=top + high + LINE / 2, text=escape(grid.line(row, column)),
                    showarrow=False, font={"size": 11, "color": palette.ink},
                )  # fmt: skip
    figure.update_xaxes(
        tickvals=[c * across + 0.5 for c in range(columns)],
        ticktext=[escape(label) for label in grid.column_labels],
        side="top", range=[-GAP, columns * across], showgrid=False, zeroline=False,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=[r * down + high / 2 for r in range(rows)],
        ticktext=[escape(label) for label in grid.row_labels],
        range=[rows * down, -GAP], showgrid=False, zeroline=False, scaleanchor="x",
    )  # fmt: skip
    figure.update_layout(
        template=palette.template(),
        title={"text": escape(grid.title)},
        meta={"alt": grid.alt},
        width=180 + int(size * columns * across),
        height=140 + int(size * rows * down),
    )
    return figure
