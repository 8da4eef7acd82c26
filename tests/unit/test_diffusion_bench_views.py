"""What the prune bench says and draws, from results whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.result import Result
from engine.figures import Palette, check_axes
from engine.labs.diffusion.views import (
    bench_bars,
    bench_grid_words,
    bench_layers,
    bench_pictures,
    sites,
)
from engine.labs.diffusion.views import bench_words as words
from engine.labs.diffusion.views.bench import Shown, of_cell, of_run, sparsities, taus
from tests.diffusion_bench import EACH, PICTURES, copies, grid_result, run_result, sites_result

PALETTE = Palette.light()


def ssim(mine: object, others: float = 0.9) -> np.ndarray:
    values = np.full(PICTURES, others)
    values[:EACH] = mine
    return values


def hits(mine: int) -> np.ndarray:
    """The first ``mine`` pictures of A, and all of the others, keep their nearest picture."""
    values = np.ones(PICTURES)
    values[mine:EACH] = 0
    return values


def shown(result: Result) -> Shown:
    return of_run(result, 0.2, 5)


def test_all_under_the_line_but_nearest_is_called_softened() -> None:
    cut = shown(run_result(copies(ssim(0.5), hits(8))))
    said = words.verdict(cut, cut.groups[0])
    assert "None of 16 samples of A is over SSIM 0.7 (with as few samples, up to 18.8 %" in said
    assert "16 of 16 are still nearest to their own training picture: softened, not gone" in said
    assert not {"deleted", "removed", "erased"} & set(said.lower().split())


def test_steps_that_were_not_looked_at_are_not_called_looked_at() -> None:
    said = words.describe_mask(shown(run_result(copies(0.9, 1), first=2)))
    assert "over the steps 3 to 5 at" in said and "8.82 %" in said


def test_pictures_that_lose_their_neighbour_are_said_to() -> None:
    cut = shown(run_result(copies(ssim([0.1] * 6 + [0.9] * 2), hits(0))))
    said = words.verdict(cut, cut.groups[0])
    assert said.startswith("12 of the 16 samples of A that were over SSIM 0.7 are no longer")
    assert "16 of 16 are nearest to another training picture" in said


@pytest.mark.parametrize(
    ("after", "whole", "said"),
    [
        (copies(ssim(0.9), hits(8)), None, "The cut hides no picture: 16 of 16"),
        (copies(0.1, 0), copies(0.1, 0), "The unpruned model copies none of these pictures"),
    ],
)
def test_nothing_is_claimed_where_nothing_changed(
    after: np.ndarray, whole: np.ndarray | None, said: str
) -> None:
    cut = shown(run_result(after, whole))
    assert words.verdict(cut, cut.groups[0]).startswith(said)


def test_controls_that_do_as_much_are_said_to_have_found_nothing() -> None:
    result = run_result(copies(ssim(0.5), hits(8)))
    changed = result.array("copies").copy()
    changed[2] = changed[1]
    result = Result({**result.fields, "copies": type(result["copies"])(
        changed, result["copies"].axes)}, result.metrics, result.notes)  # fmt: skip
    cut = shown(result)
    assert "nothing specific was located" in words.describe_controls(cut, cut.groups[0])


def test_controls_are_told_with_their_falls_and_sizes() -> None:
    cut = shown(run_result(copies(ssim(0.5), hits(8))))
    said = words.describe_controls(cut, cut.groups[0])
    assert "located 0.400 (cuts 8.82 %)" in said and "at random 0.000" in said
    assert "lower it not at all" in said


def test_the_carried_part_is_that_of_the_held_out_sets() -> None:
    cut = shown(run_result(copies(ssim(0.5, others=0.8), 1)))
    assert "25 % carries to B and C" in words.describe_held_out(cut)
    assert words.describe_held_out(shown(run_result(copies(0.9, 1)))) == ""


def test_the_most_changed_picture_is_named_with_its_neighbour() -> None:
    cut = shown(run_result(copies(ssim([0.8] * 7 + [0.05]), hits(7))))
    said = words.describe_uneven(cut, cut.groups[0])
    assert "“title7 word” is left with SSIM 0.05" in said and "in 0 of 2 seeds" in said
    alike = shown(run_result(copies(ssim([0.55] * 7 + [0.5]), 1)))
    said = words.describe_uneven(alike, alike.groups[0])
    assert said == "The pictures of A are left alike: SSIM from 0.50 to 0.55."


def test_a_spread_is_that_of_the_seeds() -> None:
    after = copies(ssim(0.5), 1)
    after[1, :EACH, 0] = 0.3
    said = words.describe_copies(shown(run_result(after)), shown(run_result(after)).groups[0])
    assert "0.40 after (0.30 to 0.50 over 2 seeds)" in said
    assert "Of 16 samples 16 are over 0.7 before and 0 after" in said


@pytest.mark.parametrize(
    ("at_one_percent", "said"),
    [
        (copies(0.9, 1), "every copy still comes out here: the claim does not show"),
        (copies(0.2, 1), "no copied picture comes out here any more, as claimed"),
        (copies(ssim(0.2), 1), "16 of 48 copies no longer come out here; 32 do"),
    ],
)
def test_the_claim_is_judged_by_what_one_percent_did(at_one_percent: np.ndarray, said: str) -> None:
    grid = grid_result({0.01: at_one_percent, 0.4: copies(ssim(0.3), 1)})
    beside = bench_grid_words.seed_cell(grid, 5)
    assert beside is not None and said in beside[1]


def test_the_claim_names_the_sparsity_that_is_enough_or_what_is_left() -> None:
    enough = grid_result({0.01: copies(0.9, 1), 0.2: copies(ssim(0.5), 1)})
    beside = bench_grid_words.seed_cell(enough, 1)
    assert (
        beside is not None
        and "20 % is the first stop at which none of 16 samples of A does" in beside[1]
    )
    never = grid_result({0.01: copies(0.9, 1), 0.2: copies(ssim([0.5] * 7 + [0.9]), 1)})
    beside = bench_grid_words.seed_cell(never, 1)
    assert beside is not None and "Even at 20 %, 2 of 16 samples of A do" in beside[1]


def test_a_model_without_copies_and_a_grid_without_one_percent_make_no_verdict() -> None:
    nothing = copies(0.1, 0)
    beside = bench_grid_words.seed_cell(grid_result({0.01: nothing}, nothing), 5)
    assert beside is not None and "copies nothing" in beside[1]
    assert bench_grid_words.seed_cell(grid_result({0.2: nothing}), 5) is None


def test_a_cell_has_the_grid_s_numbers_and_none_is_the_unpruned_model() -> None:
    grid = grid_result({0.01: copies(0.8, 1), 0.2: copies(0.4, 0)})
    assert sparsities(grid) == (0.0, 0.01, 0.2) and taus(grid) == (1, 5)
    cell, nothing = of_cell(grid, 0.2, 5), of_cell(grid, 0.0, 5)
    assert cell.mean("ssim", "located", cell.groups[0]) == pytest.approx(0.4)
    assert cell.mean("ssim", "whole", cell.groups[0]) == pytest.approx(0.9)
    assert nothing.share == 0 and not nothing.bits.any()
    assert all(nothing.mean("ssim", mask, nothing.groups[1]) == cell.mean(
        "ssim", "whole", cell.groups[1]) for mask in nothing.masks)  # fmt: skip
    assert "Nothing is cut here" in words.verdict(nothing, nothing.groups[0])


def test_pictures_are_framed_by_what_they_are() -> None:
    cut = shown(run_result(copies(ssim([0.9, 0.5, 0.5] + [0.1] * 5), hits(2))))
    grid = bench_pictures.picture_rows(cut, cut.groups[0], "alt")
    after = grid.row_labels.index("after: located")
    assert [grid.mark(after, at) for at in range(3)] == ["extracted", "nearest", ""]
    assert grid.line(after, 1) == "0.50 | 0.50" and grid.mark(0, 0) == ""


def test_held_out_pictures_of_a_grid_have_no_rows_for_controls_that_were_not_kept() -> None:
    cell = of_cell(grid_result({0.2: copies(0.4, 0)}), 0.2, 5)
    mine, held = (bench_pictures.picture_rows(cell, g, "alt") for g in cell.groups[:2])
    assert len(mine.row_labels) == 6
    assert list(held.row_labels) == ["training picture", "before", "after: located"]


def test_a_film_has_the_training_picture_and_every_sparsity() -> None:
    grid = grid_result({0.01: copies(0.8, 1), 0.2: copies(ssim(0.4), hits(0))})
    film = bench_pictures.film(grid, 5, 1, "alt")
    assert film.column_labels == ["training picture", "0 %", "1 %", "20 %"]
    assert film.mark(0, 3) == "" and film.mark(0, 2) == "extracted"
    said = bench_grid_words.describe_film(grid, 5, 1)
    assert "0.90 at 0 %, 0.80 at 1 %, 0.40 at 20 %" in said and "another one at 20 %" in said


def test_every_figure_names_its_axes() -> None:
    grid = grid_result({0.01: copies(0.8, 1), 0.2: copies(0.4, 0)})
    cell = of_cell(grid, 0.2, 5)
    found = sites_result({"ff_out": (0.5, 0.8, 1.0), "conv": (0.2, 0.3, 0.9)})
    for figure in (
        bench_bars.draw_pictures_apart(cell, PALETTE, "alt"),
        *(bench_bars.draw_sets(cell, PALETTE, name, "alt") for name in bench_bars.MEASURES),
        bench_bars.draw_scenes(cell, PALETTE, "alt"),
        bench_bars.draw_curves(grid, PALETTE, cell, "alt"),
        bench_layers.draw_layers(cell, PALETTE, "alt"),
        sites.draw_sites(found, PALETTE, "alt"),
    ):
        assert check_axes(figure) == []


def test_layers_stand_as_they_run_and_are_named_in_words() -> None:
    cell = of_cell(grid_result({0.2: copies(0.4, 0)}), 0.2, 5)
    figure = bench_layers.draw_layers(cell, PALETTE, "alt")
    assert list(figure.layout.xaxis.ticktext) == [
        "down 1, layer 1",
        "mid, layer 1",
        "up 1, layer 1",
    ]


def test_sites_are_told_by_harm_and_by_whose_copies_they_hold() -> None:
    found = sites_result(
        {"ff_out": (0.5, 0.8, 1.0), "cross_out": (0.4, 0.9, 0.8), "conv": (0.1, 0.1, 0.8)}
    )
    said = sites.describe_sites(found)
    assert "hits hardest at convolutions: A's SSIM falls by 0.80 (at random by 0.00)" in said
    assert "most its own set's at cross-attention output" in said
    assert "the strongest is feed-forward, second" in said
    table = sites.site_table(found)
    assert len(table["Site"]) == 7 and table["SSIM"][1] == pytest.approx(0.5)


def test_sites_without_an_effect_are_said_to_have_none() -> None:
    said = sites.describe_sites(sites_result({"ff_out": (0.89, 0.9, 1.0)}))
    assert said.startswith("At no site")
