"""Histograms, token strips, stems, and figures as files."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, NotFound
from engine.figures import Palette, Point, axis, check_axes, histogram, scatter, stems, strip
from engine.figures.export import find_browser, to_html, to_image

LIGHT = Palette.light()


def test_histogram_counts_every_value_and_says_what_it_left_out() -> None:
    values = np.array([1.0, 2.0, 4.0, 0.0, np.nan, 8.0])
    figure = histogram({"keys": values}, LIGHT, title="Magnitudes", x=axis("|k|", log=True), bins=3)
    assert check_axes(figure) == []
    assert figure.data[0].y[:-1].tolist() == [1, 1, 2]
    assert figure.data[0].x == pytest.approx([1, 2, 4, 8])
    assert figure.layout.title.subtitle.text == "n = 4; 2 values cannot be drawn"


def test_histogram_shares_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    figure = histogram(
        {"a": rng.normal(size=50), "b": rng.normal(size=500)},
        LIGHT,
        title="t",
        x="Value",
        density=True,
    )
    assert [trace.y[:-1].sum() for trace in figure.data] == pytest.approx([1, 1])


def test_histogram_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="groups: hold no value"):
        histogram({"a": [np.nan]}, LIGHT, title="t", x="Value")


def test_strip_wraps_tokens_and_marks_the_first_divergence() -> None:
    tokens = [f" t{i}" for i in range(9)] + ["<b>"]
    figure = strip(
        np.arange(10.0), tokens, LIGHT, title="t", value="KL", unit="nat", per_row=4, mark=9
    )
    assert check_axes(figure) == []
    cells = figure.data[0]
    assert cells.z.shape == (3, 4)
    assert list(cells.z[2]) == [226, 254, 255, 255]
    assert tuple(cells.customdata[2][1]) == (9, "&lt;b&gt;", "9")
    assert "first divergence: token 9" in figure.layout.annotations[0].text
    frame = figure.layout.shapes[-1]
    assert (frame.x0 < 1 < frame.x1) and (frame.y0 < 2 < frame.y1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tokens": ["a"]}, "tokens: needs 2 texts"),
        ({"values": np.zeros(9000)}, "values: must hold 1 to 8192 tokens"),
        ({"mark": 2}, "mark: must be a token from 0 to 1"),
    ],
)
def test_strip_refuses_what_does_not_fit(change: dict[str, object], sentence: str) -> None:
    given = {"values": [1.0, 2.0], "tokens": ["a", "b"], "mark": None, **change}
    with pytest.raises(BadInput, match=sentence):
        strip(given.pop("values"), given.pop("tokens"), LIGHT, title="t", value="KL", **given)


def test_stems_show_lost_values_by_shape() -> None:
    figure = stems(
        [1.0, 0.1, 0.0], [1.0, 0.0, 0.0], LIGHT, title="t", x="Channel", y="Value", grid=[0, 1]
    )
    assert check_axes(figure) == []
    drawn = {trace.name: trace for trace in figure.data if trace.mode == "markers"}
    assert drawn["rounded to zero"].x.tolist() == [1]
    assert drawn["kept"].x.tolist() == [0, 2]
    assert drawn["rounded to zero"].marker.symbol != drawn["kept"].marker.symbol


def test_html_is_self_contained_and_escapes() -> None:
    figure = strip([1.0], ["<i>"], LIGHT, title="t", value="KL", alt='"><script>x()</script>')
    page = to_html(figure, "<script>y()</script>")
    assert "<title>&lt;script&gt;y()" in page
    assert 'aria-label="&quot;&gt;&lt;script&gt;x()' in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert re.search(r'"showSendToCloud": ?false', page)
    assert re.search(r'"displaylogo": ?false', page)


def test_picture_without_a_browser_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    assert find_browser() is None
    figure = stems([1.0], [1.0], LIGHT, title="t", x="Channel", y="Value")
    with pytest.raises(NotFound, match="need Chrome or Chromium"):
        to_image(figure)
    with pytest.raises(BadInput, match="kind: must be png or svg"):
        to_image(figure, "pdf")  # type: ignore[arg-type]


@pytest.mark.browser
def test_picture_has_the_size_asked_for() -> None:
    if find_browser() is None:
        pytest.skip("no Chrome or Chromium")
    figure = stems([1.0, 2.0], [1.0, 2.0], LIGHT, title="A block", x="Channel", y="Value")
    png = to_image(figure, "png", width=500, height=300, scale=2)
    assert struct.unpack(">II", png[16:24]) == (1000, 600)
    svg = to_image(figure, "svg", width=500, height=300).decode()
    assert "A block" in svg


def test_only_listed_points_compete_for_the_front() -> None:
    points = [Point(1, 5, "a", id="a"), Point(0, 1, "control", id="c"), Point(2, 3, "b", id="b")]
    figure = scatter(points, Palette.light(), title="t", x=axis("x"), y=axis("y"), front=["a", "b"])
    line = next(trace for trace in figure.data if trace.name == "Pareto front")
    assert list(line.x) == [1, 2] and list(line.y) == [5, 3]
