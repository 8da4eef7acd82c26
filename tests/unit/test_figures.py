"""Every figure says what it shows: titles, units, safe labels; the numbers in it are the input."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

from engine.core import BadInput
from engine.figures import (
    Event,
    Palette,
    Point,
    Series,
    axis,
    bars,
    check_axes,
    heatmap,
    lines,
    pareto_front,
    scatter,
    visible,
    walk_axes,
)
from engine.figures.axes import ticks
from engine.figures.heatmap import MAX_CELLS, quantise, reduce_blocks, scale_ticks
from engine.figures.palette import contrast

THEMES = [Palette.light(), Palette.dark()]
HOSTILE = '<img src=x onerror="x=1"> & $a$'


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("palette", THEMES, ids=lambda p: p.theme)
def test_palette_can_be_read(palette: Palette) -> None:
    for ground in (palette.paper, palette.panel):
        for text in (palette.ink, palette.muted, palette.accent):
            assert contrast(text, ground) >= 4.5
        for status in (palette.good, palette.warn, palette.bad):
            assert contrast(status.colour, ground) >= 4.5
        for mark in palette.categories:
            assert contrast(mark, ground) >= 3
    signs = [status.sign for status in (palette.good, palette.warn, palette.bad)]
    assert len(set(signs)) == 3


@pytest.mark.parametrize("palette", THEMES, ids=lambda p: p.theme)
def test_lut_runs_through_the_stops(palette: Palette) -> None:
    table = palette.lut("diverging", 255)
    assert table.shape == (255, 3)
    assert table.dtype == np.uint8
    middle = palette.diverging[3].removeprefix("#")
    assert bytes(table[127]).hex() == middle
    luminance = palette.lut("sequential").astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(luminance) > -0.5).all()  # viridis rises steadily, up to rounding


def draw_heatmap(palette: Palette) -> go.Figure:
    values = np.arange(12.0).reshape(3, 4)
    values[1, 1] = np.nan
    return heatmap(
        values,
        palette,
        title=HOSTILE,
        x=HOSTILE,
        y=axis("Token"),
        value=HOSTILE,
        unit="pJ",
        x_labels=[HOSTILE, "b", "c", "d"],
        boundaries=([1], [2]),
        selected=(0, 0),
        subtitle=HOSTILE,
        alt="Energy grows with the channel.",
    )


def draw_lines(palette: Palette) -> go.Figure:
    return lines(
        [
            Series(HOSTILE, [0, 1, 2], [1.0, 2.0, 3.0], low=[0, 1, 2], high=[2, 3, 4]),
            Series("other", [0, 1], [1.0, 2.0]),
        ],
        palette,
        title="Loss over tokens",
        x=axis("Time", "s"),
        y=axis("Loss", "nat/token", log=True),
        band="95 % bootstrap interval",
        events=[Event(1, HOSTILE)],
        level=(1.5, HOSTILE),
    )


def draw_bars(palette: Palette) -> go.Figure:
    return bars(
        [HOSTILE, "same", "same"],
        {"keys": [1, 2, 3], HOSTILE: [3, 2, np.nan]},
        palette,
        title="Damage",
        category="Format",
        value=axis("ΔNLL", "nat/token"),
        low={"keys": [0, 1, 2]},
        high={"keys": [2, 3, 4]},
        interval="95 % bootstrap interval",
        horizontal=True,
    )


def draw_scatter(palette: Palette) -> go.Figure:
    return scatter(
        [
            Point(4.25, 0.3, HOSTILE, HOSTILE, "one", low=0.2, high=0.4),
            Point(8.25, 0.01, "bfp16", "b", "two"),
        ],
        palette,
        title="Memory against damage",
        x=axis("Bits per value", "bit"),
        y=axis("ΔNLL", "nat/token", log=True),
        interval="95 % bootstrap interval",
        front=True,
        names=True,
        selected="two",
        x_line=(5, HOSTILE),
    )


DRAWERS = [draw_heatmap, draw_lines, draw_bars, draw_scatter]


@pytest.mark.parametrize("palette", THEMES, ids=lambda p: p.theme)
@pytest.mark.parametrize("draw", DRAWERS, ids=lambda d: d.__name__)
def test_every_axis_has_a_title_and_a_unit(
    draw: Callable[[Palette], go.Figure], palette: Palette
) -> None:
    assert check_axes(draw(palette)) == []


@pytest.mark.parametrize("draw", DRAWERS, ids=lambda d: d.__name__)
def test_hostile_labels_are_escaped_wherever_plotly_reads_markup(
    draw: Callable[[Palette], go.Figure],
) -> None:
    sent = draw(Palette.light()).to_json()
    assert "<img" not in sent.replace("\\u003c", "<")
    assert "$a$" not in sent
    assert "&lt;img" in sent.replace("\\u0026", "&")


def test_check_axes_complains() -> None:
    bare = go.Figure(go.Scatter(x=[1], y=[1]), layout={"xaxis": {"title": "x"}})
    complaints = check_axes(bare)
    assert "the figure has no title" in complaints
    assert "xaxis has no unit" in complaints
    figure = draw_lines(Palette.light())
    figure.update_yaxes(title_text="Loss")
    assert check_axes(figure) == [
        "yaxis does not print its unit nat/token",
        "yaxis does not say that it is logarithmic",
    ]


def test_walk_axes_includes_the_colour_bar() -> None:
    walked = {name: unit for name, _, unit in walk_axes(draw_heatmap(Palette.light()))}
    assert walked == {"xaxis": "1", "yaxis": "1", "colorbar0": "pJ"}


def test_heatmap_sends_codes_but_hovers_true_values() -> None:
    figure = draw_heatmap(Palette.light())
    cells = figure.data[0]
    assert cells.z.dtype == np.uint8
    assert cells.z[1, 1] == 255
    assert (cells.z[0, 0], cells.z[2, 3]) == (0, 254)
    assert cells.customdata[2, 3] == 11
    assert list(cells.colorbar.ticktext) == ["0", "2", "4", "6", "8", "10"]
    assert cells.colorbar.tickvals == pytest.approx(
        [0, 254 * 2 / 11, 254 * 4 / 11, *(254 * t / 11 for t in (6, 8, 10))]
    )


def test_a_diverging_scale_is_centred_at_zero() -> None:
    figure = heatmap(
        [[-1.0, 0.0, 9.0]], Palette.light(), title="t", x="Channel", y="Token", diverging=True
    )
    assert list(figure.data[0].z[0]) == [round(8 / 18 * 254), 127, 254]


def test_a_log_scale_leaves_zero_empty() -> None:
    codes = quantise(np.array([[0.0, 0.01, 0.1, 1.0, -1.0]]), 0.01, 1.0, log=True)
    assert list(codes[0]) == [255, 0, 127, 254, 255]
    places, texts = scale_ticks(0.01, 1.0, log=True)
    assert texts == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    assert places[::3] == pytest.approx([0, 0.5, 1])
    assert scale_ticks(1e-6, 1.0, log=True)[1] == [
        *("1e-06", "1e-05", "0.0001", "0.001", "0.01", "0.1", "1"),
    ]


def test_too_many_cells_are_refused_unless_reduced() -> None:
    values = np.zeros((1024, 600))
    values[1023, 599] = -7.0
    draw = {"palette": Palette.light(), "title": "t", "x": "Channel", "y": "Token"}
    with pytest.raises(BadInput, match="values: 1024 x 600 cells"):
        heatmap(values, **draw)
    figure = heatmap(values, reduce="max", subtitle="head 0", **draw)
    assert figure.data[0].z.size <= MAX_CELLS
    assert figure.data[0].customdata[-1, -1] == -7
    subtitle = figure.layout.title.subtitle.text
    assert subtitle.startswith("head 0; each cell is the largest magnitude of ")
    assert figure.layout.xaxis.range == (-0.5, 599.5)


def test_reduction_by_mean_ignores_what_is_missing() -> None:
    values = np.array([[1.0, np.nan, 4.0], [3.0, 5.0, np.nan]])
    merged, block = reduce_blocks(values, 4, "mean")
    assert block == (1, 2)
    assert merged.tolist() == [[1, 4], [4, pytest.approx(np.nan, nan_ok=True)]]
    merged, block = reduce_blocks(np.array([[1.0, np.nan], [np.nan, np.nan]]), 1, "mean")
    assert block == (2, 2)
    assert merged == 1.0


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert ticks(-3.1, 4.9) == [-2, 0, 2, 4]
    assert ticks(5, 5) == [5]


def test_pareto_front_holds_what_nothing_beats() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 20, 60).astype(float), rng.integers(0, 20, 60).astype(float)
    y[5] = np.nan
    front = pareto_front(x, y)
    beaten = [
        any(
            (x[j] <= x[i] and y[j] <= y[i]) and (x[j] < x[i] or y[j] < y[i] or j < i)
            for j in range(60)
            if j != i
        )
        for i in range(60)
    ]
    assert sorted(front) == [i for i in range(60) if not beaten[i] and np.isfinite(y[i])]
    assert all(x[a] < x[b] and y[a] > y[b] for a, b in pairwise(front))


def test_points_give_their_id_back() -> None:
    figure = draw_scatter(Palette.dark())
    ids = [
        row[0] for trace in figure.data if trace.customdata is not None for row in trace.customdata
    ]
    assert ids == ["one", "two"]
    symbols = {trace.marker.symbol for trace in figure.data if trace.customdata is not None}
    assert len(symbols) == 2


def test_marks_lie_on_their_own_line() -> None:
    series = [
        Series("a", [1, 2, 3], [1.0, 5.0, 2.0], marks=[2], mark="flush of a"),
        Series("b", [1, 2, 3], [1.0, 1.0, 4.0], marks=[1, 3], mark="flush of b"),
        Series("c", [1, 2, 3], [0.0, 0.0, 0.0]),
    ]
    figure = lines(series, Palette.light(), title="t", x="x", y="y")
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [(trace.name, [*trace.x], [*trace.y]) for trace in marks] == [
        ("flush of a", [2], [5]),
        ("flush of b", [1, 3], [1, 4]),
    ]
    drawn = {trace.name: trace for trace in figure.data}
    assert drawn["flush of b"].marker.color == drawn["b"].line.color
    assert len({trace.marker.symbol for trace in marks}) == 2
    nameless = [Series("a", [1, 2], [1, 2], marks=[2])]
    with pytest.raises(BadInput, match="a: say what its marks show"):
        lines(nameless, Palette.light(), title="t", x="x", y="y")


@pytest.mark.parametrize(("x", "anchor"), [(1.0, "left"), (9.0, "right")])
def test_the_label_of_a_vertical_line_stands_above_the_plot_where_there_is_room(
    x: float, anchor: str
) -> None:
    points = [Point(1, 1, "a"), Point(10, 2, "b")]
    figure = scatter(points, Palette.light(), title="t", x="x", y="y", x_line=(x, "budget"))
    (label,) = figure.layout.annotations
    assert (label.text, label.xanchor, label.yanchor, label.y) == ("budget", anchor, "bottom", 1)
    assert figure.layout.shapes[0].x0 == x


def test_lines_differ_by_more_than_colour() -> None:
    drawn = [trace for trace in draw_lines(Palette.light()).data if trace.name]
    assert len({trace.line.dash for trace in drawn}) == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda p: heatmap([1, 2], p, title="t", x="a", y="b"), "values: must have 2 dimension"),
        (lambda p: heatmap([["a"]], p, title="t", x="a", y="b"), "values: must hold numbers"),
        (lambda p: heatmap([[1]], p, title=" ", x="a", y="b"), "title: every figure"),
        (lambda p: heatmap([[1]], p, title="t", x="", y="b"), "axis title: every axis"),
        (
            lambda p: heatmap([[1]], p, title="t", x="a", y="b", limits=(2, 1)),
            "limits: must rise",
        ),
        (
            lambda p: heatmap([[1]], p, title="t", x="a", y="b", limits=(0, 1), log=True),
            "limits: a logarithmic scale starts above zero",
        ),
        (lambda p: lines([], p, title="t", x="a", y="b"), "series: needs at least one"),
        (
            lambda p: lines([Series("s", [1], [1], [0], [2])], p, title="t", x="a", y="b"),
            "band: say what the bands show",
        ),
        (
            lambda p: bars(["a"], {"g": [1, 2]}, p, title="t", category="c", value="v"),
            "g: has 2 values for 1 labels",
        ),
        (
            lambda p: bars(
                ["a"], {"g": [1]}, p, title="t", category="c", value=axis("v", log=True)
            ),
            "value: bars start at zero",
        ),
        (
            lambda p: scatter([Point(1, 0, "a")], p, title="t", x="a", y=axis("b", log=True)),
            "y: a logarithmic axis cannot show zero",
        ),
    ],
)
def test_bad_input_gets_one_sentence(call: Callable[[Palette], go.Figure], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        call(Palette.light())


def test_blanks_in_tokens_can_be_seen() -> None:
    assert [visible(t) for t in (" the", "\n", "  ", "", "a b ")] == [
        *("·the", "⏎", "··", "∅", "a b·"),
    ]
