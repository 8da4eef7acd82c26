"""What the door for typed paths reads, and how much of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.core import BadInput
from engine.io.model_folder import read_json
from engine.io.paths import read_file


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_file(path, field="text", limit=10) == b"x" * 10
    with pytest.raises(BadInput, match="text: at most 9e-06 MB are read, it has 1e-05 MB"):
        read_file(path, field="text", limit=9)


def test_a_file_that_tells_no_size_is_not_read_beyond_the_limit() -> None:
    path = Path("/proc/self/status")
    if not path.is_file():
        pytest.skip("needs the kernel's own files")
    assert path.stat().st_size == 0 < len(path.read_bytes())
    with pytest.raises(BadInput, match="text: at most 1e-05 MB are read"):
        read_file(path, field="text", limit=10)
    with pytest.raises(BadInput, match="status is larger than 1e-05 MB"):
        read_json(path, 10, "model")


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(BadInput, match=r"text: .* is not a file"):
            read_file(path, field="text")
    with pytest.raises(BadInput, match="text: 'none' cannot be read"):
        read_file(tmp_path / "none", field="text")
