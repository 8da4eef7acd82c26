"""An own SSCD file: similarities of a program, and the files that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.diffusion.sscd import SIDE, CopyDetector


class Colours(torch.nn.Module):
    """Describes a picture by the mean of each channel and the side it was given."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        assert pictures.shape[2] == 288
        return pictures.mean(dim=[2, 3])


class Whole(torch.nn.Module):
    """Gives back pictures, not vectors."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures


def save(network: torch.nn.Module, path: Path) -> Path:
    torch.jit.script(network).save(str(path))
    return path


def test_similarity_is_the_cosine_of_the_programs_vectors(tmp_path: Path) -> None:
    assert SIDE == 288
    detector = CopyDetector(save(Colours(), tmp_path / "sscd.torchscript.pt"))
    flat = np.zeros((2, 32, 32, 3), np.uint8)
    flat[0], flat[1] = (255, 0, 0), (0, 255, 255)
    vectors = (flat[:, 0, 0] / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(detector.similarity(flat, flat), 1, atol=1e-5)
    np.testing.assert_allclose(
        detector.similarity(flat, flat[::-1].copy()), unit[0] @ unit[1], atol=1e-5
    )


def test_other_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"not a program")
    with pytest.raises(BadInput, match="is no TorchScript file"):
        CopyDetector(tmp_path / "x.pt")
    with pytest.raises(BadInput, match="is not a file"):
        CopyDetector(tmp_path / "absent.pt")
    detector = CopyDetector(save(Whole(), tmp_path / "whole.pt"))
    pictures = np.zeros((1, 32, 32, 3), np.uint8)
    with pytest.raises(BadInput, match="sscd: the program makes no vector"):
        detector.similarity(pictures, pictures)
    with pytest.raises(BadInput, match="images: must be pairs"):
        detector.similarity(pictures, pictures[0])
