"""The networks: what padding, masks and carried states may and may not change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.core.errors import BadInput
from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.features import WIDTH
from engine.labs.motion.models.build import build_network
from engine.labs.motion.models.codec import Codec, token_counts
from engine.labs.motion.models.denoiser import Denoiser, Shape, build_scheduler
from engine.labs.motion.models.keyframes import (
    batch_scores,
    choose_masked,
    keyframe_scores,
    mask_first,
)
from engine.labs.motion.models.kmm import KeyframeMamba
from engine.labs.motion.models.mamba import BidirectionalSpatial, HierarchicalTemporal, Scan
from engine.labs.motion.models.stored import load_model, save_model
from engine.models.ssm import influence, selective_scan
from tests.motion_models import SHAPES, save_tiny, tiny

WORDS = 30


def network(kind: str) -> torch.nn.Module:
    torch.manual_seed(0)
    made = build_network(kind, SHAPES[kind], WORDS).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            if not parameter.any():
                parameter.normal_(std=0.2)
    return made.requires_grad_(False)


@pytest.mark.parametrize("kind", ["motion-mamba", "transformer"])
def test_padding_changes_nothing_but_itself(kind: str) -> None:
    denoiser = network(kind)
    draw = torch.Generator().manual_seed(1)
    rows = torch.randn(1, 21, WIDTH, generator=draw)
    step, lengths = torch.tensor([400]), torch.tensor([21])
    text = denoiser.text(torch.randint(2, WORDS, (1, 24), generator=draw))
    alone = denoiser(rows, step, text, lengths)
    junk = 9 * torch.randn(1, 30, WIDTH, generator=draw)
    padded = denoiser(torch.cat([rows, junk], dim=1), step, text, lengths)
    torch.testing.assert_close(padded[:, :21], alone, rtol=1e-4, atol=1e-4)
    together = denoiser(
        torch.cat([torch.cat([rows, junk], dim=1), junk[:, :1].expand(-1, 51, -1)]),
        step.repeat(2),
        text.repeat(2, 1),
        torch.tensor([21, 51]),
    )
    torch.testing.assert_close(together[0, :21], alone[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["motion-mamba", "transformer"])
def test_step_caption_and_length_all_have_a_say(kind: str) -> None:
    denoiser = network(kind)
    draw = torch.Generator().manual_seed(2)
    rows = torch.randn(1, 40, WIDTH, generator=draw)
    ids = torch.randint(2, WORDS, (2, 24), generator=draw)
    text, other = denoiser.text(ids).split(1)
    base = denoiser(rows, torch.tensor([100]), text, torch.tensor([40]))
    for changed in (
        denoiser(rows, torch.tensor([900]), text, torch.tensor([40])),
        denoiser(rows, torch.tensor([100]), other, torch.tensor([40])),
        denoiser(rows, torch.tensor([100]), denoiser.text.none(1), torch.tensor([40])),
        denoiser(rows, torch.tensor([100]), text, torch.tensor([32])),
    ):
        assert (changed[:, :24] - base[:, :24]).abs().max() > 1e-4


def test_baseline_and_motion_mamba_are_of_equal_size() -> None:
    sizes = [
        sum(p.numel() for p in Denoiser(Shape(kind), 260).parameters())
        for kind in ("motion-mamba", "transformer")
    ]
    assert abs(sizes[0] - sizes[1]) < 0.1 * max(sizes)


def test_most_scans_are_far_from_the_mixer() -> None:
    body = Denoiser(Shape("motion-mamba", scans=(5, 3, 1)), WORDS).body
    counts = [
        [
            len(part.scans)
            for block in side
            for part in block.modules()
            if isinstance(part, HierarchicalTemporal)
        ]
        for side in (body.down, body.up)
    ]
    assert counts == [[5, 3, 1], [1, 3, 5]]
    spatial = [m for m in body.modules() if isinstance(m, BidirectionalSpatial)]
    assert len(spatial) == 2


def test_a_scan_is_the_matrix_that_the_memory_lens_shows() -> None:
    torch.manual_seed(0)
    scan = Scan(6, 4).double().eval()
    x = torch.randn(1, 12, 6, dtype=torch.double)
    u, dt, A, B, C = scan.project(x)
    matrix = influence(dt, A, B, C)  # b d t s
    wanted = (matrix @ u.transpose(1, 2).unsqueeze(-1)).squeeze(-1).transpose(1, 2)
    torch.testing.assert_close(scan(x)[0], wanted + scan.skip * u)
    torch.testing.assert_close(scan(x)[0], selective_scan(u, dt, A, B, C, scan.skip))


def test_a_backward_scan_sees_the_future_and_a_forward_scan_the_past() -> None:
    torch.manual_seed(0)
    for backward in (False, True):
        scan = Scan(6, 4, backward=backward)
        x = torch.randn(1, 12, 6, requires_grad=True)
        scan(x)[0][0, 5].sum().backward()
        seen = x.grad[0].abs().sum(-1) > 0
        assert seen.tolist() == [(at >= 5 if backward else at <= 5) for at in range(12)]


def test_held_steps_read_and_do_not_write() -> None:
    torch.manual_seed(0)
    scan = Scan(6, 4)
    x = torch.randn(1, 9, 6)
    hold = torch.zeros(1, 9, dtype=torch.bool)
    hold[:, 3:] = True
    _, after = scan(x, hold=hold)
    _, before = scan(x[:, :3])
    torch.testing.assert_close(after, before)


def test_masked_tokens_leave_nothing_in_the_carried_state() -> None:
    model = network("kmm")
    assert isinstance(model, KeyframeMamba)
    codes = torch.randint(0, 32, (1, 10), generator=torch.Generator().manual_seed(0))
    text, counts = model.text.none(1), torch.tensor([10])
    masked = torch.zeros(1, 10, dtype=torch.bool)
    masked[:, 6:] = True
    changed = codes.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % 32
    logits, states = model(codes, masked, text, counts)
    other, others = model(changed, masked, text, counts)
    torch.testing.assert_close(logits, other)
    for state, again in zip(states, others, strict=True):
        torch.testing.assert_close(state, again)
    moved, _ = model(changed, torch.zeros_like(masked), text, counts, states)
    fresh, _ = model(changed, torch.zeros_like(masked), text, counts)
    assert (moved - fresh).abs().max() > 1e-5


def test_a_code_is_the_nearest_and_an_idle_one_moves() -> None:
    torch.manual_seed(0)
    codec = Codec(16, 8, 4)
    latents = torch.randn(5, 7, 4)
    wanted = torch.cdist(latents.flatten(0, 1), codec.codebook).argmin(-1).view(5, 7)
    assert torch.equal(codec.nearest(latents), wanted)
    flat, draw = latents.flatten(0, 1), torch.Generator().manual_seed(0)
    codec.codebook[7] = codec.total[7] = 1000.0
    for _ in range(200):
        codec.update(flat, codec.nearest(flat), draw)
    assert codec.codebook.abs().max() < 5
    error = (flat - codec.codebook[codec.nearest(flat)]).square().mean()
    assert error < flat.var() / 2


def test_tokens_of_padded_rows_are_those_of_the_clip_alone() -> None:
    torch.manual_seed(0)
    codec = Codec(16, 8, 4)
    rows = torch.randn(1, 22, WIDTH)
    alone, counts = codec.encode(rows, torch.tensor([22]))
    padded, _ = codec.encode(torch.cat([rows, torch.ones(1, 10, WIDTH)], dim=1), torch.tensor([22]))
    assert counts.tolist() == [6] == token_counts(torch.tensor([22])).tolist()
    torch.testing.assert_close(padded[:, :6], alone)
    made = codec.decode(alone, counts)
    assert made.shape == (1, 24, WIDTH)
    torch.testing.assert_close(codec.decode(padded, counts)[:, :24], made)


def test_key_frames_are_dense_and_apart() -> None:
    draw = np.random.default_rng(0)
    # Two heaps of unlike size and one token far away.
    heaps = [draw.normal(0, 0.1, (12, 3)), draw.normal(5, 0.1, (6, 3)), np.full((1, 3), -4.0)]
    latents = torch.tensor(np.concatenate(heaps))
    scores = keyframe_scores(latents)
    best = scores.argsort(descending=True)[:2].tolist()
    assert sorted(at // 12 for at in best) == [0, 1] and 18 not in best
    slow = []
    width = torch.pdist(latents).quantile(0.1)
    for at in range(len(latents)):
        apart = (latents - latents[at]).norm(dim=-1)
        slow.append(torch.exp(-((apart / width) ** 2)).sum())
    dense = torch.stack(slow)
    for at in range(len(latents)):
        apart = (latents - latents[at]).norm(dim=-1)
        above = apart[dense > dense[at]]
        wanted = dense[at] * (above.min() if len(above) else apart.max())
        assert float(scores[at]) == pytest.approx(float(wanted), rel=1e-3)


def test_equal_tokens_have_an_order_and_policies_take_opposite_ends() -> None:
    assert keyframe_scores(torch.zeros(5, 2)).isfinite().all()
    assert keyframe_scores(torch.zeros(1, 2)).tolist() == [1.0]
    scores, draw = torch.tensor([3.0, 1.0, 2.0, 0.0]), torch.Generator().manual_seed(0)
    assert choose_masked(scores, 2, "key", draw).tolist() == [True, False, True, False]
    assert choose_masked(scores, 2, "inverse", draw).tolist() == [False, True, False, True]
    taken = torch.stack([choose_masked(scores, 2, "random", draw) for _ in range(60)]).sum(0)
    assert taken.sum() == 120 and taken.min() > 15
    with pytest.raises(BadInput, match="policy: must be key, random, inverse"):
        choose_masked(scores, 2, "any", draw)
    with pytest.raises(BadInput, match="quantile: must be above 0 and at most 1"):
        keyframe_scores(torch.zeros(5, 2), 0)


def test_the_schedule_ends_in_noise_and_predicts_clean_rows() -> None:
    for kind in ("ddpm", "ddim"):
        scheduler = build_scheduler(kind)
        assert scheduler.config.prediction_type == "sample"
        assert scheduler.alphas_cumprod[0] > 0.99 and scheduler.alphas_cumprod[-1] < 1e-4


def test_a_stored_model_is_the_same_model(tmp_path: Path) -> None:
    model = tiny("motion-mamba", tmp_path)
    assert model.kind == "motion-mamba" and model.network.shape == SHAPES["motion-mamba"]
    torch.manual_seed(3)
    network = build_network(
        "motion-mamba", SHAPES["motion-mamba"], model.network.text.sentence.words.num_embeddings
    )
    save_model(network, model.config, model.scale, tmp_path / "again")
    again = load_model(tmp_path / "again").network.state_dict()
    for name, value in network.state_dict().items():
        whole = value.detach()
        if value.ndim > 1:  # within half of what one counts in its row
            apart = (again[name] - whole).flatten(1).abs().amax(1)
            assert (apart <= whole.flatten(1).abs().amax(1) / 127 * 0.51 + 1e-8).all(), name
        else:
            torch.testing.assert_close(again[name], whole, rtol=1e-3, atol=1e-6)
    assert (tmp_path / "again" / "model.safetensors").stat().st_size < 1.5 * sum(
        value.numel() for value in network.state_dict().values()
    ) + 40_000
    assert model.network.shape.tokens == LONGEST // 4 + 1
    assert load_model(str(tmp_path / "motion-mamba")) is model


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "gpt"}, "kind"),
        ({"extra": 1}, "there is no such field"),
        ({"words": 3}, "words"),
        ({"shape": {"width": 10**6}}, "shape.width cannot be"),
        ({"shape": {"width": 32}}, "its weights do not fit config.json"),
        ({"shape": {"depth": 3}}, "shape.depth cannot be"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path: Path, change: dict, reason: str) -> None:
    folder = save_tiny("transformer", tmp_path / "t")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadInput, match=f"model: .*{reason}"):
        load_model(folder)


def test_weights_that_cannot_be_are_refused(tmp_path: Path) -> None:
    folder = save_tiny("transformer", tmp_path / "t")
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"places": weights["places"] * float("nan")}, folder / "model.safetensors")
    with pytest.raises(BadInput, match="NaN or infinity"):
        load_model(folder)
    scale = {"scale.deviation": torch.zeros(WIDTH)}
    save_file(weights | scale, folder / "model.safetensors")
    with pytest.raises(BadInput, match="positive deviations"):
        load_model(folder)
    (folder / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(BadInput, match="not a safetensors file"):
        load_model(folder)
    with pytest.raises(
        BadInput, match="must be motion-mamba, kmm, transformer, motion-mamba-open or a model's"
    ):
        load_model("stable-motion")


def test_scores_of_a_batch_are_those_of_each_clip() -> None:
    draw = torch.Generator().manual_seed(4)
    latents, counts = torch.randn(4, 9, 3, generator=draw), torch.tensor([9, 5, 1, 7])
    found = batch_scores(latents, counts)
    for row, count, scores in zip(latents, counts.tolist(), found, strict=True):
        torch.testing.assert_close(
            scores[:count], keyframe_scores(row[:count]), rtol=1e-4, atol=1e-5
        )
        assert not scores[count:].any()
    wanted = torch.tensor([3, 2, 1, 7])
    for lowest in (False, True):
        masked = mask_first(found, wanted, lowest=lowest, counts=counts)
        assert masked.sum(1).tolist() == wanted.tolist()
        assert not masked[torch.arange(9) >= counts[:, None]].any()
