"""A link must not make a server read files of its machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core import BadInput
from engine.labs.kv_cache.config import CaptureConfig


@pytest.mark.parametrize("text", ["/etc/passwd", "../../secret.txt", "~/.ssh/id_rsa", "file:///x"])
@pytest.mark.parametrize("local", [True, False])
def test_a_text_path_is_never_taken_from_a_visitor(text: str, local: bool) -> None:
    with pytest.raises(BadInput, match="text"):
        CaptureConfig(text=text).admit(local=local)


@pytest.mark.parametrize(
    "model", ["/etc", "~/models/x", "/srv/models/../../etc", "/etc@0123456789abcdef"]
)
def test_a_model_folder_elsewhere_is_for_local_visitors(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_MODELS", str(tmp_path))
    with pytest.raises(BadInput, match="model"):
        CaptureConfig(model=model).admit(local=False)
    CaptureConfig(model=model).admit(local=True)


def test_the_shelf_is_open_to_everyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inside").mkdir()
    monkeypatch.setenv("ENGRAM_MODELS", str(tmp_path))
    CaptureConfig(model=str(tmp_path / "inside")).admit(local=False)
    CaptureConfig(model=f"{tmp_path / 'inside'}@0123456789abcdef").admit(local=False)
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(BadInput, match="model"):
        CaptureConfig(model=str(tmp_path / "out")).admit(local=False)


def test_shipped_names_uploads_and_hub_ids_pass() -> None:
    CaptureConfig().admit(local=False)
    CaptureConfig(text="input:0123456789abcdef", model="owner/name").admit(local=False)
