"""What scans remember: exact matrices, erased tokens and multiplied step sizes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.motion.memory.attending import attend
from engine.labs.motion.memory.changes import erased, stretched
from engine.labs.motion.memory.far import fading
from engine.labs.motion.memory.lens import erase_each, erased_marks, look
from engine.labs.motion.memory.poses import apart, enlarge, seen_from_body
from engine.labs.motion.memory.readers import find_readers
from engine.labs.motion.memory.reading import read_memory, scan_numbers
from engine.labs.motion.memory.retention import change_steps, single_factors
from engine.labs.motion.memory.sampling import (
    Studio,
    Take,
    open_studio,
    positions_of,
    read_take,
    sample_take,
    studio_of,
    token_scores,
)
from engine.labs.motion.memory.taps import recording
from engine.labs.motion.skeleton import turn
from engine.models.ssm import selective_scan
from tests.motion_clips import moving
from tests.motion_models import save_tiny, tiny

KINDS = ("motion-mamba", "kmm", "transformer")


@pytest.fixture(scope="module", params=KINDS)
def studio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return studio_of(tiny(request.param, tmp_path_factory.mktemp(request.param)))


@pytest.fixture(scope="module")
def mamba(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return studio_of(tiny("motion-mamba", tmp_path_factory.mktemp("mamba")))


def take_of(studio: Studio, seconds: float = 2, steps: int = 3) -> Take:
    return read_take(studio, "a person walks", seconds, 0, steps)


def test_readers_are_named_by_block_and_direction(mamba: Studio) -> None:
    names = [reader.name for reader in mamba.readers]
    assert names == [
        "Down 1, scan 1 →",
        "Down 1, scan 2 ←",
        "Down 1, scan 3 →",
        "Down 2, scan 1 →",
        "Mixer, attention ↔",
        "Up 1, scan 1 →",
        "Up 2, scan 1 →",
        "Up 2, scan 2 ←",
        "Up 2, scan 3 →",
    ]
    # Scans over channels have no time.
    assert not any("ahead" in reader.path for reader in mamba.readers)


@pytest.mark.parametrize("kind", KINDS)
def test_sessions_do_not_meet_each_others_hooks(kind: str, tmp_path: Path) -> None:
    """One thread holds a network with everything erased while another looks at the same model."""
    path = str(save_tiny(kind, tmp_path / kind))
    alone = open_studio(path)
    take = take_of(alone)
    rows, memories = look(alone, take)
    held, seen = Event(), Event()

    def erase_all(studio: Studio) -> np.ndarray:
        gone = torch.ones(1, studio.tokens(take.rows) + 1, dtype=torch.bool)
        with erased(studio.readers, gone, everywhere=True):
            held.set()
            assert seen.wait(60)
            with recording(studio.model.network, studio.readers, take.heard) as found:
                sample_take(studio, take)
            return found[studio.readers[-1].path].y.numpy()

    with recording(alone.model.network, alone.readers, take.heard) as found:
        sample_take(alone, take)
    whole = found[alone.readers[-1].path].y.numpy()
    with ThreadPoolExecutor(1) as other:
        without = other.submit(erase_all, open_studio(path))
        assert held.wait(60)
        # Opened and used while the hooks of the other thread hang.
        again, heard = look(open_studio(path), take)
        seen.set()
    np.testing.assert_array_equal(again, rows)
    for one, right in zip(heard, memories, strict=True):
        np.testing.assert_array_equal(one.influence, right.influence)
    assert np.abs(without.result() - whole).max() > 1e-3, "the other thread's network was changed"


def test_a_network_without_scans_or_attention_is_refused() -> None:
    with pytest.raises(BadInput, match="neither scans"):
        find_readers(torch.nn.Linear(2, 2))


def test_every_matrix_gives_back_what_the_network_computed(studio: Studio) -> None:
    take = take_of(studio)
    _, memories = look(studio, take)
    for reader, memory in zip(studio.readers, memories, strict=True):
        assert memory.gap < 1e-5, reader.name
        length = studio.tokens(take.rows) + 1
        assert memory.influence.shape == memory.read.shape == (length, length)
        if reader.kind == "attention":
            assert np.allclose(memory.influence.sum(1), 1)
        elif reader.direction == "forwards":
            assert not np.triu(memory.influence, 1).any()
        else:
            assert not np.tril(memory.influence, -1).any()


def test_write_state_and_decay_follow_the_recurrence(mamba: Studio) -> None:
    take = take_of(mamba)
    with recording(mamba.model.network, mamba.readers, 1) as heard:
        sample_take(mamba, take)
    for reader in mamba.readers:
        if reader.kind != "scan":
            continue
        memory = read_memory(reader, heard[reader.path])
        u, dt, A, B, _ = (one[0] if one.ndim == 3 else one for one in scan_numbers(
            reader, heard[reader.path]))  # fmt: skip
        h, states, wrote, left = torch.zeros_like(A), [], [], None
        for t in range(len(u)):
            fade = torch.exp(dt[t][:, None] * A)
            added = dt[t][:, None] * u[t][:, None] * B[t][None]
            h = fade * h + added
            left = added.abs() if t == 0 else left * fade
            states.append(float(h.norm()))
            wrote.append(float(added.norm()))
        order = slice(None, None, -1) if reader.direction == "backwards" else slice(None)
        assert np.allclose(memory.state, states[order])
        assert np.allclose(memory.write, wrote[order])
        first, last = (-1, 0) if reader.direction == "backwards" else (0, -1)
        begun = (dt[0][:, None] * u[0][:, None] * B[0][None]).abs().sum()
        assert memory.kept[first, last] == pytest.approx(float(left.sum() / begun))
        assert np.allclose(np.diag(memory.kept), 1)


def test_a_token_that_holds_is_read_by_nobody_and_reads(mamba: Studio) -> None:
    take, gone = take_of(mamba), 4
    hold = torch.zeros(1, mamba.tokens(take.rows) + 1, dtype=torch.bool)
    hold[0, gone] = True
    with (
        erased(mamba.readers, hold, everywhere=True),
        recording(mamba.model.network, mamba.readers, 2) as heard,
    ):
        sample_take(mamba, take)
    for reader in mamba.readers:
        if reader.kind == "scan":
            memory = read_memory(reader, heard[reader.path])
            assert not memory.influence[:, gone].any()
            assert memory.gap < 1e-5  # the matrix of the changed scan is exact too
            reads = memory.influence[gone]
            assert reads.any() or gone in (0, len(reads) - 1)


def test_erasing_nothing_changes_nothing_and_the_network_is_left_alone(studio: Studio) -> None:
    take = take_of(studio)
    before = sample_take(studio, take)[0]
    nothing = np.zeros((2, studio.tokens(take.rows)), dtype=bool)
    whole, without = erase_each(studio, take, nothing, everywhere=True)
    assert np.allclose(whole, before, atol=1e-5)
    assert np.allclose(without, whole, atol=1e-5)
    assert np.array_equal(sample_take(studio, take)[0], before)


def test_each_clip_of_a_batch_misses_its_own_token(mamba: Studio) -> None:
    take = take_of(mamba)
    marks = erased_marks(mamba.tokens(take.rows), 1)
    whole, without = erase_each(mamba, take, marks, everywhere=False)
    _, alone = erase_each(mamba, take, marks[3:4], everywhere=False)
    far = np.abs(without - alone[0]).max((1, 2))
    assert far.argmin() == 3 and far[3] < 0.1 * np.delete(far, 3).min()
    assert (np.abs(without - whole).max((1, 2)) > 1e-5).all()


def test_a_transformer_is_erased_from_in_its_attention(tmp_path: Path) -> None:
    studio = studio_of(tiny("transformer", tmp_path))
    take = take_of(studio)
    marks = erased_marks(studio.tokens(take.rows), 2)
    whole, without = erase_each(studio, take, marks, everywhere=False)
    assert np.abs(without - whole).max() > 1e-4


def test_attention_by_hand_is_the_layers_own(mamba: Studio) -> None:
    layer = next(one.module for one in mamba.readers if one.kind == "attention")
    x, lengths = torch.randn(2, 7, 16), torch.tensor([7, 4])
    weights, made = attend(layer, x, lengths)
    assert torch.allclose(made, layer(x, lengths), atol=1e-6)
    hidden = torch.zeros(2, 7, dtype=torch.bool)
    hidden[:, 2] = True
    weights, _ = attend(layer, x, None, hidden)
    others = torch.arange(7) != 2
    assert not weights[:, :, others, 2].any() and weights[:, :, 2, 2].all()


def test_marks_cover_a_span_and_end_with_the_clip() -> None:
    marks = erased_marks(4, 2)
    assert marks.tolist() == [
        [True, True, False, False],
        [False, True, True, False],
        [False, False, True, True],
        [False, False, False, True],
    ]


def test_steps_times_k_are_those_of_the_scan_with_k(mamba: Studio) -> None:
    """Outputs of one stretched scan against the recurrence with its own step sizes times k."""
    [reader] = [one for one in mamba.readers if one.path == mamba.readers[0].path]
    scan, x = reader.module, torch.randn(2, 9, 16)
    with torch.no_grad(), stretched([reader], torch.tensor([[1.0], [3.0]])):
        made, _ = scan(x)
    with torch.no_grad():
        u, dt, A, B, C = scan.project(x)
        factor = torch.tensor([1.0, 3.0])[:, None, None]
        wanted = selective_scan(u, factor * dt, A, B, C, scan.skip, backend="loop")
        assert torch.allclose(made, wanted, atol=1e-5)
        assert torch.equal(made[0], scan(x)[0][0])


def test_a_factor_of_one_is_the_clip_as_it_is(mamba: Studio) -> None:
    take = take_of(mamba)
    scans = [one for one in mamba.readers if one.kind == "scan"]
    factors = np.ones((2, len(scans)), dtype=np.float32)
    factors[1] = 8
    made = change_steps(mamba, take, scans, factors)
    assert np.allclose(made[0], sample_take(mamba, take)[0], atol=1e-5)
    assert np.abs(made[1] - made[0]).max() > 1e-3
    assert single_factors(3).shape == (6, 3) and (single_factors(3) != 1).sum() == 6


def test_fading_over_a_long_sequence_is_the_product_of_all_steps() -> None:
    draw = torch.Generator().manual_seed(0)
    dt = 0.1 * torch.rand(140, 3, generator=draw, dtype=torch.float64)
    A = -torch.arange(1, 5, dtype=torch.float64).repeat(3, 1)
    written = torch.rand(140, 3, 4, generator=draw, dtype=torch.float64)
    left = fading(dt, A, written, 100)
    assert left.shape == (12, 100) and np.allclose(left[:, 0], 1)
    slow = written[0].clone()
    for t in range(1, 100):
        slow = slow * torch.exp(dt[t][:, None] * A)
    assert left[0, -1] == pytest.approx(float(slow.sum() / written[0].sum()))
    assert (np.diff(left, axis=1) < 0).all()


def test_poses_seen_from_the_body_know_neither_place_nor_heading() -> None:
    clip = moving(30)
    turned = turn(clip, 1.1) + np.array([3.0, 0, -2.0])
    assert np.allclose(seen_from_body(turned), seen_from_body(clip), atol=1e-9)
    assert apart(turned, clip).min() > 0.5
    shift = np.random.default_rng(0).normal(size=(4, 22, 3))
    larger = enlarge(shift, 10)
    assert np.allclose(larger[:, 0], shift[:, 0])
    assert np.allclose(larger - larger[:, :1], 10 * (shift - shift[:, :1]))


def test_scores_are_there_for_every_token_of_every_model(studio: Studio) -> None:
    take = take_of(studio, 2.1)
    rows = sample_take(studio, take)[0]
    scores = token_scores(studio, rows)
    assert scores.shape == (studio.tokens(take.rows),) and (scores > 0).all()
    assert positions_of(rows).shape == (take.frames, 22, 3)
