"""The figures and sentences of the bench say what its numbers say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from engine.core import BadInput, Field, Result
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import paired as pairing
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import BenchConfig, EvaluateConfig
from engine.labs.memory_graph.published import (
    HIPPORAG_ROWS,
    MARKS,
    ablations,
    corpus_passages,
    tables,
)
from engine.labs.memory_graph.views import bench, bench_bars, compare, published


@cache
def result(method: str = "hipporag") -> Result:
    return run.bench(BenchConfig.build(method=method), QuietContext())


@cache
def evaluated(method: str) -> Result:
    return run.evaluate(EvaluateConfig.build(method=method), QuietContext())


def gained() -> pairing.Paired:
    return pairing.paired(evaluated("bm25"), evaluated("hipporag"))


def with_means(changes: dict[str, float]) -> Result:
    """The result with ablations whose questions all score the same."""
    found = result()
    values = found.array("ablation").copy()
    for name, value in changes.items():
        values[found.notes["ablations"].index(name)] = value
    changed = Field(values, found["ablation"].axes, "%")
    return replace(found, fields={**found.fields, "ablation": changed})


FIGURES = {
    "grid": lambda p, m: bench.draw_grid(result(), p, measure=m),
    "gains": lambda p, m: bench.draw_gains(result(), p, measure=m),
    "ablations": lambda p, m: bench_bars.draw_ablations(result(), p, measure=m),
    "ablations of the second": lambda p, m: bench_bars.draw_ablations(
        result("hipporag2"), p, measure=m
    ),
    "methods": lambda p, m: bench_bars.draw_methods(result(), p, measure=m),
    "groups": lambda p, m: bench_bars.draw_groups(result(), p, measure=m),
    "hops": lambda p, m: bench_bars.draw_hops(result(), p, measure=m),
    "compare": lambda p, m: compare.draw_gains(gained(), p),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("measure", bench.MEASURES)
def test_every_figure_has_titles_units_and_a_finding(name: str, theme: str, measure: str) -> None:
    figure = FIGURES[name](Palette.of(theme), measure)
    assert check_axes(figure) == []
    assert figure.layout.meta["alt"]
    # The number of questions stands in the subtitle or, group by group, on the axis.
    counts = f"{figure.layout.title.subtitle.text} {figure.layout.meta['alt']}"
    assert "52" in counts or "(52)" in counts or "questions in brackets" in counts


@pytest.mark.parametrize("measure", ["recall@2", "recall@5"])
def test_the_paper_s_figures_stand_beside_ours_with_the_reason_not_to_compare(measure: str) -> None:
    figure = published.draw_beside(result(), Palette.of("light"), measure=measure)
    assert check_axes(figure) == []
    theirs, ours = figure.data
    assert "11,656" in theirs.name and "139" in ours.name
    assert list(theirs.x) == list(ablations(measure).values())
    np.testing.assert_allclose(
        ours.x, result().array("ablation_mean")[:, bench.place(result(), measure)]
    )
    assert "Different corpus (139 passages instead of 11,656)" in figure.layout.title.subtitle.text
    assert "not comparable" in figure.layout.title.subtitle.text


def test_a_corpus_of_the_paper_s_size_is_not_called_different() -> None:
    same = replace(result(), metrics={**result().metrics, "passages": corpus_passages()})
    assert "Different" not in published.comparable(same)


def test_the_sentence_on_the_order_follows_the_numbers() -> None:
    paper = {"whole": 90.0, "no specificity": 80, "no synonyms": 80, "seeds only": 60}
    agrees = with_means({**paper, "neighbours": 50.0})
    assert published.describe_order(agrees, "recall@5") == (
        "The order of all 9 pairs that the paper orders is the same here. Beyond noise here: "
        "9 of 9 pairs."
    )
    turned = with_means({**paper, "neighbours": 70.0})
    said = published.describe_order(turned, "recall@5")
    assert "8 of the 9 pairs" in said
    assert "reversed here: seeds only over seeds and neighbours." in said
    tied = with_means({**paper, "neighbours": 60.0})
    assert "equal here: seeds only over seeds and neighbours" in published.describe_order(
        tied, "recall@5"
    )
    # By recall@2 the paper orders the two that are equal by recall@5.
    assert "10 pairs" in published.describe_order(turned, "recall@2")
    assert "no ablations" in published.describe_order(turned, "recall@10")


def test_the_sentence_on_the_grid_follows_the_numbers() -> None:
    found = result()
    row, column = bench.compared(found)
    signs = bench.apart(found, "recall@5")
    assert signs[row, column] == 0
    assert abs(signs).sum() == found.number("cells_apart")
    said = bench.describe_grid(found, "recall@5")
    assert f"{bench.grid(found, 'recall@5')[row, column]:.1f} %" in said
    assert f"{(signs < 0).sum()} worse" in said.replace("none", "0")
    assert "compared with" in bench.describe_cell(found, "recall@5", (row, column))
    other = bench.describe_cell(found, "recall@5", (row, 4))
    change = found.array("cell")[row, 4, :, 1] - found.array("cell")[row, column, :, 1]
    assert f"{(change > 0).sum()} questions are answered better" in other
    assert f"{(change < 0).sum()} worse" in other


def test_the_best_cell_is_named_with_those_that_tie_with_it() -> None:
    found = result()
    row, column = bench.compared(found)

    def raised(*cells: tuple[int, int]) -> Result:
        means = found.array("cell_mean").copy()
        for cell in cells:
            means[cell] = 99
        return replace(found, fields={**found.fields, "cell_mean": Field(
            means, found["cell_mean"].axes, "%")})  # fmt: skip

    assert "is the best of 15 cells" in bench.describe_grid(raised((row, column)), "recall@5")
    both = raised((row, column), (0, 0))
    assert "the best, which 1 of the other cells reach" in bench.describe_grid(both, "recall@5")
    assert "the best cell is threshold 0.7 with damping 0.1" in bench.describe_grid(
        raised((0, 0)), "recall@5"
    )


def test_the_whole_grid_is_a_table() -> None:
    table = bench.grid_table(result())
    assert {len(column) for column in table.values()} == {15}
    assert table["questions"] == [52] * 15
    at = list(zip(table["threshold"], table["damping"], strict=True)).index((0.8, 0.5))
    assert table["difference of recall@5 [points]"][at] == 0
    assert len(table) == 3 + 4 * 6


def test_wins_and_losses_are_what_the_two_evaluations_say() -> None:
    found = gained()
    a, b = (evaluated(m).array("recall")[:, 1] for m in ("bm25", "hipporag"))
    assert found.mean == pytest.approx(b.mean() - a.mean())
    assert sorted(found.wins) == np.flatnonzero(b > a).tolist()
    assert sorted(found.losses) == np.flatnonzero(b < a).tolist()
    assert abs(found.gain[found.losses[0]]) == abs(found.gain[found.losses]).max()
    low, high = found.interval
    assert low < found.mean < high
    said = compare.describe(found)
    assert f"B wins {len(found.wins)} questions and loses {len(found.losses)}" in said
    assert ("A is better beyond noise" in said) == (high < 0)


def test_equal_settings_differ_in_nothing_and_other_questions_are_refused() -> None:
    same = pairing.paired(evaluated("bm25"), evaluated("bm25"))
    assert same.interval == (0, 0) and not same.wins and not same.losses
    assert "no difference can be told" in compare.describe(same)
    compare.draw_gains(same, Palette.of("light"))
    other = replace(evaluated("bm25"), notes={**evaluated("bm25").notes, "questions": ["?"]})
    with pytest.raises(BadInput, match="questions"):
        pairing.paired(evaluated("bm25"), other)


SIZES = {
    "hipporag": (16, 3, 2),
    "hipporag_passages": (1, 3, 1),
    "hipporag_whole": (2, 3, 1),
    "hipporag_answers": (2, 3, 1),
    "hipporag2": (5, 6, 1),
    "hipporag2_ablations": (4, 3, 1),
    "hipporag2_weights": (1, 5, 1),
    "hipporag2_cost": (3, 2, 1),
    "others": (3, 3, 1),
}


def test_every_published_table_is_whole_and_names_its_place() -> None:
    assert set(tables()) == set(SIZES)
    for name, (rows, datasets, measures) in SIZES.items():
        table = tables()[name]
        assert (len(table.rows), len(table.datasets), len(table.measures)) == (
            rows, datasets, measures,
        )  # fmt: skip
        for row in table.rows.values():
            assert len(row) == datasets and all(len(own) == measures for own in row)
        figures = np.array(list(table.rows.values()))
        assert np.isfinite(figures).all() and (figures > 0).all()
        if name not in ("hipporag_passages", "hipporag2_cost"):
            assert (figures < 100).all()
        assert table.mark in MARKS and len(table.source) > 20
        assert ("transcription" in table.source) == (table.mark == "transcriptions") or (
            table.mark == "transcription"
        )
        assert len(table.records()) == rows


def test_a_published_average_is_that_of_its_row() -> None:
    """A slip of the pen in a row would show: the table prints the mean of the five data sets."""
    for row in tables()["hipporag2"].rows.values():
        *five, mean = (own[0] for own in row)
        assert np.mean(five) == pytest.approx(mean, abs=0.06)


def test_the_ablations_named_here_are_rows_of_the_paper() -> None:
    assert set(HIPPORAG_ROWS.values()) <= set(tables()["hipporag"].rows)
    assert ablations("recall@5")["whole"] == 51.9
    assert ablations("recall@2")["neighbours"] == 25.4
    assert ablations("all_recall@5") == {}
    places = {row["Source"] for row in published.beside_table(result())}
    assert any("not read in the paper" in str(place) for place in places)
