"""Rotation-plus-codebook formats against what theory and plain numerics say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.formats.kmeans import fit_codebook
from engine.labs.kv_cache.formats.turbo import codebook, gaussian, rotate


@pytest.mark.parametrize("d", [8, 12, 64])
def test_rotation_is_orthogonal(d: int) -> None:
    matrix = rotate(np.eye(d, dtype=np.float32), d)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(d), atol=1e-5)
    back = rotate(matrix, d, back=True)
    np.testing.assert_allclose(back, np.eye(d), atol=1e-5)


@pytest.mark.parametrize(("bits", "distortion"), [(1, 0.3634), (2, 0.1175), (3, 0.03454)])
def test_codebook_approaches_the_gaussian_lloyd_max(bits: int, distortion: float) -> None:
    """Max (1960) for a unit Gaussian; at d = 512 a coordinate times sqrt(d) is nearly that."""
    d = 512
    book = codebook(d, bits).astype(np.float64) * np.sqrt(d)
    draw = np.random.default_rng(0).standard_normal(400_000)
    error = np.abs(draw[:, None] - book).min(axis=1)
    assert np.mean(error**2) == pytest.approx(distortion, rel=0.02)


def test_codebook_is_a_fixed_point() -> None:
    """Each value is the mean of the sphere coordinates that are nearest to it."""
    d, bits = 16, 3
    draw = np.random.default_rng(1).standard_normal((200_000, d))
    t = draw[:, 0] / np.linalg.norm(draw, axis=1)
    book = codebook(d, bits)
    nearest = np.abs(t[:, None] - book).argmin(axis=1)
    means = [t[nearest == i].mean() for i in range(2**bits)]
    np.testing.assert_allclose(book, means, atol=4e-3)


def test_relative_error_does_not_depend_on_the_data() -> None:
    """The point of the rotation: one huge channel costs no more than a flat vector."""
    draw = np.random.default_rng(2)
    flat = draw.standard_normal((256, 128)).astype(np.float32)
    spiky = flat.copy()
    spiky[:, 5] *= 50
    turbo = parse_format("turbo4")
    errors = [
        np.linalg.norm(turbo.fake_quantize(x, head_dim=128) - x) / np.linalg.norm(x)
        for x in (flat, spiky)
    ]
    assert errors[1] == pytest.approx(errors[0], rel=0.1)
    assert errors[0] == pytest.approx(np.sqrt(0.009497), rel=0.05)  # Max (1960), 4 bits


def test_qjl_removes_the_shrinkage_of_inner_products() -> None:
    """Without it, <x', x> falls short of <x, x> by the distortion; with it, it does not."""
    draw = np.random.default_rng(3)
    x = draw.standard_normal((4000, 64)).astype(np.float32)

    def slope(name: str) -> float:
        y = parse_format(name).fake_quantize(x, head_dim=64)
        return float((x * y).sum() / (x * x).sum())

    assert slope("turbo2") == pytest.approx(1 - 0.1175, abs=0.01)
    assert slope("turbo3:qjl") == pytest.approx(1.0, abs=0.02)


def test_projection_is_standard_normal() -> None:
    s = gaussian(64)
    assert abs(s.mean()) < 0.05
    assert s.std() == pytest.approx(1, abs=0.05)


def test_k_means_finds_separated_clusters_and_respects_weights() -> None:
    values = np.array([0.0, 0.1, 5.0, 5.2, 9.0])
    np.testing.assert_allclose(fit_codebook(values, 3), [0.05, 5.1, 9.0])
    weights = np.array([3.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(fit_codebook(values[:4], 2, weights), [0.025, 5.1])
