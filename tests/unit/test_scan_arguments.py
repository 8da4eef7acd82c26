"""What a scan says to arguments that do not fit, and what it remembers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.models.ssm import half_life, hold_padding, influence, retention, selective_scan, step


def fitting() -> dict[str, Tensor]:
    make = torch.Generator().manual_seed(2)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=make, dtype=torch.float64)

    return {
        "u": normal(2, 12, 6),
        "dt": normal(2, 12, 6).exp(),
        "A": -normal(6, 3).exp(),
        "B": normal(2, 12, 3),
        "C": normal(2, 12, 3),
        "D": normal(6),
        "h0": normal(2, 6, 3),
    }


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("u", torch.zeros(2, 12), "must be (batch, length, channels)"),
        ("u", torch.zeros(2, 0, 6), "none of them 0"),
        ("u", torch.zeros(2, 12, 6, dtype=torch.int64), "floating-point"),
        ("dt", torch.zeros(2, 12, 3), "must be (2, 12, 6), not (2, 12, 3)"),
        ("dt", [1.0], "not list"),
        ("A", -torch.ones(5, 3), "must be (6, state) or (heads,)"),
        ("A", -torch.ones(4), "divides 6 channels, not 4"),
        ("A", -torch.ones(7), "divides 6 channels, not 7"),
        ("B", torch.zeros(2, 12, 4), "must be (2, 12, 3)"),
        ("C", torch.zeros(2, 11, 3), "must be (2, 12, 3)"),
        ("D", torch.zeros(5), "must be (6,)"),
        ("h0", torch.zeros(2, 3, 6), "must be (2, 6, 3)"),
        ("backend", "fast", "must be auto, reference, loop, assoc, ssd, c"),
        ("backend", "ssd", "A must be (heads,)"),
        ("lengths", torch.tensor([12]), "one whole number for each sequence"),
        ("lengths", torch.tensor([12.0, 3.0]), "one whole number for each sequence"),
        ("lengths", torch.tensor([13, 3]), "must be from 0 to 12"),
    ],
)
def test_the_argument_that_does_not_fit_is_named(name, value, says) -> None:
    with pytest.raises(BadInput) as caught:
        selective_scan(**{**fitting(), name: value})
    assert caught.value.field == name
    assert says in caught.value.reason


def test_a_step_wants_one_row() -> None:
    given = fitting()
    with pytest.raises(BadInput, match="u: must be a tensor of two axes"):
        step(given["h0"], given["u"], given["dt"], given["A"], given["B"], given["C"])


def test_numpy_is_answered_in_kind() -> None:
    given = fitting()
    y, h = selective_scan(
        **{name: tensor.numpy() for name, tensor in given.items()},
        lengths=np.array([12, 5]),
        return_state=True,
    )
    right, last = selective_scan(**given, lengths=torch.tensor([12, 5]), return_state=True)
    assert isinstance(y, np.ndarray)
    np.testing.assert_allclose(y, right.numpy(), rtol=1e-12)
    np.testing.assert_allclose(h, last.numpy(), rtol=1e-12)


def test_the_influence_matrix_is_the_scan() -> None:
    given = fitting()
    del given["D"], given["h0"]
    matrix = influence(*(given[name] for name in ("dt", "A", "B", "C")))
    y = torch.einsum("bdts,bsd->btd", matrix, given["u"])
    torch.testing.assert_close(y, selective_scan(**given), rtol=1e-12, atol=1e-12)
    picked = influence(given["dt"], given["A"], given["B"], given["C"], torch.tensor([4, 1]))
    torch.testing.assert_close(picked, matrix[:, [4, 1]])


def test_what_is_retained_is_what_a_frame_alone_leaves_behind() -> None:
    given = fitting()
    kept = retention(given["dt"], given["A"], 4)
    # Written at step 4 alone and read state by state, the scan tells the same.
    u = torch.zeros_like(given["u"])
    u[:, 4] = 1 / given["dt"][:, 4]
    ones = torch.ones_like(given["B"])
    for n in range(3):
        read = torch.zeros_like(ones)
        read[..., n] = 1
        y = selective_scan(u, given["dt"], given["A"], ones, read)
        torch.testing.assert_close(y, kept[..., n], rtol=1e-12, atol=1e-12)
    with pytest.raises(BadInput, match="frame: must be from 0 to 11"):
        retention(given["dt"], given["A"], 12)


def test_half_is_left_after_a_half_life() -> None:
    dt, A = torch.full((1, 50, 1), 0.1), -torch.tensor([[0.5, 2.0]])
    frames = half_life(dt, A)[0]
    kept = retention(dt, A, 0)[0, :, 0]
    for n, life in enumerate(frames.tolist()):
        low, high = kept[int(life), n], kept[int(life) + 1, n]
        assert high < 0.5 < low


def test_padding_becomes_zero() -> None:
    held = hold_padding(torch.full((2, 3), float("nan")), torch.tensor([0, 0]))
    assert held.tolist() == [[0, 0, 0], [0, 0, 0]]
