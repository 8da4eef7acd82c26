"""Scores of detection against slow twins: attention entropy, edges, maps, and recordings."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput, Cancelled
from engine.labs.diffusion.detect import webster
from engine.labs.diffusion.detect.entropy import called_layers, entropy, padding_from
from engine.labs.diffusion.detect.recording import record
from engine.labs.diffusion.detect.where import coordinate_map, pixel_map
from engine.labs.diffusion.model.attention import Attention, cross_layers
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import Step, first_noise, sample, steps
from tests.diffusion_models import patches, save_latent

PROMPTS = ("the painting hidden river by costa", "a small red cross at the left", "river")
COUNT = 5


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(scope="module")
def latent(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return load_pipeline(str(save_latent(tmp_path_factory.mktemp("models") / "latent")))


def test_a_recording_is_that_of_a_plain_sampling(pipeline: Pipeline) -> None:
    watched: list[Step] = []
    plain = sample(pipeline, PROMPTS, seed=3, count=COUNT, watch=watched.append).numpy()
    found = record(pipeline, PROMPTS, seed=3, count=COUNT)
    assert np.abs(found.pictures.astype(int) - plain).max() <= 1
    assert found.wen.shape == found.update.shape == (len(PROMPTS), COUNT)
    for step in watched:
        for at in range(len(PROMPTS)):
            gap = step.noise(step.prompted)[at] - step.noise(step.plain)[at]
            slow = math.sqrt(sum(value**2 for value in gap.flatten().tolist()))
            assert found.wen[at, step.index] == pytest.approx(slow, rel=1e-3, abs=1e-5)
            moved = (step.following[at] - step.latents[at]).flatten().tolist()
            slow = math.sqrt(sum(value**2 for value in moved))
            assert found.update[at, step.index] == pytest.approx(slow, rel=1e-3)


def test_batches_change_nothing(pipeline: Pipeline) -> None:
    whole = record(pipeline, PROMPTS, count=2)
    parts = record(pipeline, PROMPTS, count=2, batch=2)
    for name in ("wen", "update", "entropy", "padding", "layers", "white_box"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-3, atol=1e-5)


def test_entropies_are_those_of_attention_added_up_by_hand(pipeline: Pipeline) -> None:
    found = record(pipeline, PROMPTS, count=1)
    seen: dict[str, torch.Tensor] = {}
    states = pipeline.encode([*[""] * len(PROMPTS), *PROMPTS])
    noise = first_noise(pipeline, len(PROMPTS), 0)
    watch = Attention(see=seen.__setitem__)
    next(steps(pipeline, states, noise, count=1, attention=lambda _: watch))
    ends = [len(pipeline.tokenizer(prompt)["input_ids"]) - 1 for prompt in PROMPTS]
    names = called_layers(pipeline)
    for at in range(len(PROMPTS)):
        by_layer = []
        for name in names:
            shares = seen[name][len(PROMPTS) + at]  # heads positions tokens
            heads, positions, tokens = shares.shape
            mean = [
                sum(float(shares[h, p, t]) for h in range(heads) for p in range(positions))
                / (heads * positions)
                for t in range(tokens)
            ]
            by_layer.append(mean)
            slow = -sum(a * math.log(a) for a in mean if a > 0)
            assert found.layers[at, names.index(name)] == pytest.approx(slow, rel=1e-4)
        whole = [sum(column) / len(names) for column in zip(*by_layer, strict=True)]
        terms = [-a * math.log(a) if a > 0 else 0.0 for a in whole]
        assert found.entropy[at, 0] == pytest.approx(sum(terms), rel=1e-4)
        assert found.padding[at, 0] == pytest.approx(sum(terms[ends[at] :]), rel=1e-4)


def test_layers_stand_in_the_order_in_which_they_are_called(pipeline: Pipeline) -> None:
    called: list[str] = []
    states = pipeline.encode(["", PROMPTS[0]])
    watch = Attention(see=lambda name, _: called.append(name))
    next(steps(pipeline, states, first_noise(pipeline, 1, 0), count=1, attention=lambda _: watch))
    assert called_layers(pipeline) == tuple(called)
    assert set(called) == set(cross_layers(pipeline.unet))


def test_entropy_of_even_and_of_certain_shares() -> None:
    assert float(entropy(torch.full((8,), 1 / 8))) == pytest.approx(math.log(8))
    assert float(entropy(torch.tensor([0.0, 1.0, 0.0]))) == 0.0


def test_padding_begins_with_the_end_token(pipeline: Pipeline) -> None:
    # Start, three words, end: places 0 to 4. A prompt that is too long has its end cut or moved.
    found = padding_from(pipeline, ["hidden river storm", "river " * 40])
    tokens = pipeline.tokens(["hidden river storm", "river " * 40])
    assert found[0] == 4
    assert found[1] == tokens.shape[1] - 1


def test_the_map_adds_up_to_wens_score_and_lies_where_the_pictures_differ(
    pipeline: Pipeline,
) -> None:
    watched: list[Step] = []
    sample(pipeline, PROMPTS, count=2, watch=watched.append)
    for step in watched:
        coordinates = coordinate_map(step)
        assert coordinates.shape == step.latents.shape
        whole = pixel_map(pipeline, coordinates)
        assert whole.shape == (len(PROMPTS), 32, 32)
        torch.testing.assert_close(whole.flatten(1).norm(dim=1), step.score)
        gap = (pipeline.decode(step.prompted).float() - pipeline.decode(step.plain).float()).norm(
            dim=-1
        )
        at = gap.flatten(1).argmax(1)
        ranks = whole.flatten(1)
        assert (ranks.gather(1, at[:, None])[:, 0] >= 0.9 * ranks.max(1).values).all()


def test_maps_of_latents_have_their_size(latent: Pipeline) -> None:
    watched: list[Step] = []
    sample(latent, PROMPTS[:1], count=1, watch=watched.append)
    assert pixel_map(latent, coordinate_map(watched[0])).shape == (1, 8, 8)


def test_webster_is_the_mean_squared_difference(pipeline: Pipeline) -> None:
    noise = first_noise(pipeline, len(PROMPTS), 0)
    watched: list[Step] = []
    sample(pipeline, PROMPTS, count=2, watch=watched.append)
    found = webster.white_box(watched[0], noise)
    for at in range(len(PROMPTS)):
        pairs = zip(watched[0].preview[at].flatten(), noise[at].flatten(), strict=True)
        values = [(float(a) - float(b)) ** 2 for a, b in pairs]
        assert float(found[at]) == pytest.approx(sum(values) / len(values), rel=1e-5)


def _slow_edge(values: np.ndarray, row: int, column: int) -> bool:
    """Sobel in three dimensions by the definition; the border is mirrored."""

    def at(r: int, c: int, k: int) -> float:
        r, c = (min(max(v, 0), 255) for v in (r, c))
        return float(values[r, c, min(max(k, 0), 2)])

    weights = {-1: 1, 0: 2, 1: 1}
    total = 0.0
    for k in range(3):
        down = across = 0.0
        for i, first in weights.items():
            for j, second in weights.items():
                factor = first * second
                down += factor * (at(row + 1, column + i, k + j) - at(row - 1, column + i, k + j))
                across += factor * (at(row + i, column + 1, k + j) - at(row + i, column - 1, k + j))
        total += math.hypot(down, across)
    return total > 1.5


def test_edges_are_where_sobel_says() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    picture = (40 + noise.repeat(32, 0).repeat(32, 1) // 4).astype(np.uint8)
    found = webster.edges(picture[None])[0]
    assert 0 < found.mean() < 1
    places = [(0, 0), (255, 31), *zip(range(0, 250, 7), range(240, 0, -6), strict=False)]
    places += [(row, 100) for row in range(28, 36)]
    slow = [_slow_edge(picture / 255, *place) for place in places]
    assert slow == [bool(found[place]) for place in places]
    assert True in slow and False in slow


def test_consistent_edges_need_more_than_half_of_the_seeds() -> None:
    edge = np.zeros((1, 256, 256, 3), np.uint8)
    edge[:, :, 128:] = 255
    flat = np.zeros_like(edge)
    one, none = webster.edges(edge), webster.edges(flat)
    assert webster.edge_consistency([one, one, one, none])[0] == pytest.approx(2 / 256)
    assert webster.edge_consistency([one, one, none, none])[0] == 0
    with pytest.raises(BadInput, match="at least 4"):
        webster.edge_consistency([one, one, one])


def test_pictures_and_edges_can_be_left_out(pipeline: Pipeline) -> None:
    whole = record(pipeline, PROMPTS, count=2)
    bare = record(pipeline, PROMPTS, count=2, pictures=False, edges=False)
    assert whole.edges.shape == (3, 256, 256) and bare.edges.size == bare.pictures.size == 0
    np.testing.assert_array_equal(bare.wen, whole.wen)
    watched: list[Step] = []
    sample(pipeline, PROMPTS, count=2, watch=watched.append)
    first = pipeline.decode(watched[0].preview).numpy()
    assert (whole.edges == webster.edges(first)).mean() > 0.999


def test_a_recording_can_be_stopped_and_needs_prompts(pipeline: Pipeline) -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        record(pipeline, PROMPTS, count=2, progress=stop)
    with pytest.raises(BadInput, match="at least one prompt"):
        record(pipeline, [], count=2)


def test_a_latent_pipeline_is_recorded_by_the_same_path(latent: Pipeline, tmp_path: Path) -> None:
    found = record(latent, PROMPTS[:2], count=2)
    assert found.pictures.shape[0] == 2 and found.layers.shape[1] == len(called_layers(latent))
    assert np.isfinite(found.wen).all() and (found.entropy > 0).all()
