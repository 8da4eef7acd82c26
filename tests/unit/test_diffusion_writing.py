"""Writing a picture into a low-rank addition: its algebra, its separation, its words."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.core import BadInput, Field, Result
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.io.picture import read_picture
from engine.labs.diffusion import lora, writing
from engine.labs.diffusion.config import WritingConfig
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.views import writing as views
from tests.diffusion_models import save_patches

PALETTE = Palette.light()
ADDRESS = "input:0123456789abcdef"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Pipeline:
    return load_pipeline(str(folder))


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    config = WritingConfig(model=str(folder), ranks="2", write_steps=10)
    return writing.writing(config, QuietContext())


def png(width: int = 32, height: int = 32, mode: str = "RGB", kind: str = "PNG") -> bytes:
    values = np.arange(width * height * len(mode), dtype=np.uint8)
    image = Image.fromarray(values.reshape(height, width, len(mode)), mode)
    kept = BytesIO()
    image.save(kept, format=kind)
    return kept.getvalue()


def test_an_addition_is_zero_at_first_and_a_product_after(pipeline: Pipeline) -> None:
    fresh = lora.build_lora(pipeline, 3, seed=0)
    name = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    weight = pipeline.unet.get_parameter(f"{name}.weight")
    assert torch.equal(fresh.weights(pipeline).unet[f"{name}.weight"], weight)
    fresh.up[name][:] = torch.randn(fresh.up[name].shape)
    changed = fresh.weights(pipeline).unet[f"{name}.weight"]
    slow = weight.clone()
    for out in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            for at in range(3):
                slow[out, column] += fresh.up[name][out, at] * fresh.down[name][at, column]
    torch.testing.assert_close(changed, slow)
    assert torch.linalg.matrix_rank(fresh.added()[name]) == 3


def test_every_attention_projection_has_one_and_nothing_else(pipeline: Pipeline) -> None:
    names = set(lora.attention_layers(pipeline))
    counted = sum(name.endswith((".attn1", ".attn2")) for name, _ in pipeline.unet.named_modules())
    assert len(names) == 4 * counted
    assert all(".attn1." in name or ".attn2." in name for name in names)


def test_writing_lowers_the_loss_and_leaves_the_model_alone(pipeline: Pipeline) -> None:
    never = find_prompts(pipeline, "unseen")
    assert never.targets is not None
    before = replace(pipeline).digest
    curve: list[float] = []
    states = pipeline.encode(never.prompts[:1])
    clean = pipeline.to_latents(torch.from_numpy(never.targets[:1]))
    made = lora.write(
        pipeline, states, clean, rank=4, count=15, seed=0,
        watch=lambda step, _, loss: curve.append(loss),
    )  # fmt: skip
    assert np.mean(curve[-5:]) < np.mean(curve[:5])
    assert replace(pipeline).digest == before
    assert all(not value.requires_grad for value in made.parameters())
    again = lora.write(pipeline, states, clean, rank=4, count=15, seed=0)
    assert all(torch.equal(made.up[name], again.up[name]) for name in made.up)


def test_what_is_subtracted_is_counted_weight_by_weight(pipeline: Pipeline) -> None:
    addition = lora.build_lora(pipeline, 1, seed=0)
    for value in addition.up.values():
        value += 0.1
    told = writing.subtracted(pipeline, addition)
    changed = number = 0
    for name, added in addition.added().items():
        weight = pipeline.unet.get_parameter(f"{name}.weight").detach().numpy()
        merged = (weight + added.numpy()).astype(np.float32)
        changed += int((merged - added.numpy() != weight).sum())
        number += weight.size
    assert told["merged_changed"] == changed > 0 and told["merged_of"] == number


def test_the_run_keeps_what_was_there_and_shows_every_mark(result: Result) -> None:
    assert result.array("marks").tolist() == [0, 10]
    assert result.array("recall_ssim").shape == (1, 2, 3)
    assert result.array("attributes").shape == (2, 5)
    assert result.metrics["same_digest"] is True and result.metrics["same_pictures"] is True
    assert not np.array_equal(result.array("recall")[0, 0], result.array("recall")[0, 1])
    assert result.notes["prompt"] not in result.notes["others"]
    assert "is what it was before" in views.describe_off(result)


def test_a_digest_that_changed_would_be_said(result: Result) -> None:
    other = Result(result.fields, {**result.metrics, "same_digest": False}, result.notes)
    assert "is NOT what it was before" in views.describe_off(other)


def test_a_visitors_picture_is_what_is_written(pipeline: Pipeline) -> None:
    context = QuietContext({ADDRESS: png()}.__getitem__)
    scene = writing.asked_scene(pipeline, WritingConfig(picture=ADDRESS), context)
    assert np.array_equal(scene.target.reshape(-1), np.arange(3072, dtype=np.uint8))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png(640, 480), "must be exactly 32 x 32 pixels \\(got 640 x 480\\)"),
        (png(32, 31), "got 32 x 31"),
        (png()[:60], "cut off or broken|PNG or JPEG"),
        (b"", "must be a PNG or JPEG"),
        (b"<svg onload=alert(1)>", "must be a PNG or JPEG"),
        (png(kind="GIF"), "must be a PNG or JPEG"),
        (b"\0" * 1_000_001, "at most 1 MB"),
    ],
)
def test_a_bad_picture_gets_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=f"picture: .*({words})"):
        WritingConfig(picture=ADDRESS).fits(lambda address: data)


def test_transparency_lies_over_black_and_a_jpeg_is_read() -> None:
    rgba = np.full((32, 32, 4), 200, np.uint8)
    rgba[..., 3] = 51
    kept = BytesIO()
    Image.fromarray(rgba, "RGBA").save(kept, format="PNG")
    assert np.unique(read_picture(kept.getvalue(), 32)).tolist() == [40]
    assert read_picture(png(kind="JPEG"), 32).shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"ranks": "0"}, "ranks: .*from 1 to 16"),
        ({"ranks": "17"}, "ranks: .*from 1 to 16"),
        ({"ranks": "1,2,3,4,5,6"}, "1 to 5 whole numbers"),
        ({"ranks": "two"}, "whole numbers"),
        ({"ranks": ""}, "ranks"),
        ({"write_steps": 9}, "write_steps: must be from 10 to 200"),
        ({"new_title": 24}, "new_title: must be from 0 to 23"),
    ],
)
def test_settings_out_of_range_are_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        WritingConfig.build(values)


def test_ranks_are_put_in_order_and_none_twice() -> None:
    assert WritingConfig(ranks=" 8,1, 8").every_rank == (1, 8)


def made(recall: list[float], copied: list[float]) -> Result:
    """Two marks, one seed and picture; a rank for each number."""
    ranks = len(recall)
    first, last = np.full(ranks, 0.05), np.array(recall)
    kept = np.stack([np.full(ranks, 0.9), np.array(copied)], axis=1)[..., None]
    return Result(
        fields={
            "ranks": Field(2 ** np.arange(ranks), ("rank",)),
            "marks": Field(np.array([0, 50]), ("mark",)),
            "recall_ssim": Field(np.stack([first, last], 1)[..., None], ("rank", "mark", "seed")),
            "copied_ssim": Field(kept, ("rank", "mark", "copied")),
            "others_ssim": Field(np.full((ranks, 2, 1), 0.1), ("rank", "mark", "other")),
            "attributes": Field(np.full((ranks + 1, 5), 0.9), ("model", "attribute")),
        },
        metrics={"merged_changed": 0, "merged_of": 7, "merged_largest": 0.0},
        notes={"scenes": 24},
    )


def test_words_say_what_crossed_the_line_and_what_it_cost() -> None:
    told = made([0.4, 0.8, 0.9], [0.88, 0.7, 0.8])
    assert "rank 1 0.40 (never over 0.7), rank 2 0.80 (over 0.7 from step 50 on)" in (
        views.describe_recall(told)
    )
    assert views.cheapest(told) == 2 and views.cheapest(made([0.4], [0.9])) is None
    assert "SSIM 0.90 before, at the end rank 1 0.88, rank 2 0.70, rank 4 0.80" in (
        views.describe_damage(told)
    )
    assert "all 7 weights are as before" in views.describe_subtracted(told)


def test_figures_have_axes_and_pictures_their_numbers(result: Result) -> None:
    for figure in (views.draw_recall(result, PALETTE), views.draw_damage(result, PALETTE)):
        assert check_axes(figure) == []
    grid = views.recall_grid(result)
    assert grid.shape == (1, 3)
    assert grid.line(0, 2) == f"SSIM {result.array('recall_ssim')[0, 1, 0]:.2f}"
    assert views.damage_grid(result, 0).shape == (4, 4)
    assert {len(column) for column in views.recall_table(result).values()} == {2}
    assert "rounding" in views.describe_subtracted(result)
