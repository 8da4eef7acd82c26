"""Texts that are too short for a run are refused before it is offered, priced or queued."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.core import BadInput, Config, NotFound
from engine.labs.kv_cache import LAB, config, lengths
from engine.labs.kv_cache.sources import EMBEDDED, SAMPLES, sample_path
from engine.runtime.local import LocalRunner
from engine.store import Store


def kept(data: bytes) -> Any:
    """A reader of one upload, whose address is free to choose."""
    return lambda ref: data


def refused(settings: Config, data: bytes = b"") -> str:
    with pytest.raises(BadInput) as caught:
        settings.fits(kept(data))
    return str(caught.value)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "_kept", {})


UPLOAD = "input:0123456789abcdef"
HANDBOOK = "(it has 8,635 tokens)"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            config.EvaluateConfig(windows=100),
            f"windows: must be from 1 to 33 with windows of 256 tokens of this text {HANDBOOK}",
        ),
        (
            config.ParetoConfig(windows=9, window=1024),
            f"windows: must be from 1 to 8 with windows of 1024 tokens of this text {HANDBOOK}",
        ),
        (
            config.EvaluateConfig(window=2048),
            "window: must be from 16 to 1024, what this model sees at once (got 2048)",
        ),
        (
            config.DriftConfig(prompt=" \n"),
            "prompt: must hold at least one character that is not a space",
        ),
        (
            config.DriftConfig(prompt="1" * 1100),
            "prompt: has 1101 tokens, but this model sees 1024 at once: at most 1020",
        ),
        (
            config.DriftConfig(prompt="1" * 999),
            "new_tokens: must be from 4 to 24 behind a prompt of 1000 tokens, since this model "
            "sees 1024 at once",
        ),
    ],
    ids=str,
)
def test_impossible_settings_name_field_and_range(settings: Config, sentence: str) -> None:
    assert refused(settings) == sentence


@pytest.mark.parametrize(
    ("cls", "least"),
    [
        (config.CaptureConfig, 32),
        (config.EvaluateConfig, 16),
        (config.OrderCheckConfig, 16),
        (config.ParetoConfig, 16),
        (config.DriftConfig, 16),
        (config.SensitivityConfig, 16),
        (config.PositionsConfig, 64),
        (config.StreamingConfig, 32),
    ],
)
def test_a_few_words_are_too_short_for_every_experiment(
    cls: type[config.ModelText], least: int
) -> None:
    cls().fits(kept(b""))
    sentence = refused(cls(text=UPLOAD), b"12")
    assert sentence == f"text: has 3 tokens, but at least {least} are needed"


def test_the_range_is_what_the_text_allows() -> None:
    data = b"7" * 99
    assert refused(config.CaptureConfig(text=UPLOAD), data) == (
        "tokens: must be from 32 to 100 with this text (it has 100 tokens)"
    )
    config.CaptureConfig(text=UPLOAD, tokens=100).fits(kept(data))
    assert refused(config.EvaluateConfig(text=UPLOAD, window=100), data).startswith(
        "windows: must be 1 with windows of 100 tokens"
    )


def test_the_largest_that_is_allowed_is_also_what_a_run_takes() -> None:
    from engine.core.context import QuietContext
    from engine.labs.kv_cache.workbench import Workbench

    settings = config.EvaluateConfig(windows=33)
    settings.fits(kept(b""))
    bench = Workbench(settings, QuietContext(kept(b"")), 256, 33)
    assert bench.ids.shape == (33, 256)
    assert bench._calibration[0].size >= 128


TEXTS = {
    "prose": "One.\n\nTwo, 12 of them.\r\n\n\n  Three\tfour\n" * 9,
    "separated": "One.\n<|endoftext|>\nTwo.\n" * 9,
    "lines": "\n".join(json.dumps({"text": f"Story {i}: \u00e9\u4e2d"}) for i in range(9)),
    "start": "<|bos|>" * 20,
    "other scripts": "\u4e2d\u6587 \u0416\u0443\u043a \U0001f600 e\u0301" * 9,
}


@pytest.mark.parametrize("name", [*SAMPLES, *TEXTS])
def test_the_count_is_that_of_the_model(name: str) -> None:
    from engine.io.text import read_text
    from engine.models.lm.load import load_model
    from engine.models.lm.tokens import tokenize

    data = sample_path(name).read_bytes() if name in SAMPLES else TEXTS[name].encode()
    found = tokenize(load_model(EMBEDDED), read_text(data), 10**9)
    text = name if name in SAMPLES else UPLOAD
    assert lengths.text_length(EMBEDDED, text, 10**6, kept(data)) == lengths.Length(
        len(found.ids), True
    )


def test_of_another_model_only_the_bytes_are_counted() -> None:
    settings = config.EvaluateConfig(model="owner/name", text=UPLOAD, windows=2, window=100)
    settings.fits(kept(b"x" * 201))
    settings.fits(kept(b"x" * 196))  # 4 tokens may stand around it
    lengths._kept.clear()
    assert refused(settings, b"x" * 150) == (
        "windows: must be 1 with windows of 100 tokens of this text (it has at most 154 tokens)"
    )
    lengths._kept.clear()
    assert refused(settings, b"x") == "text: has at most 5 tokens, but at least 16 are needed"


def test_a_text_is_counted_once_and_few_counts_are_kept() -> None:
    config.CaptureConfig(text=UPLOAD).fits(kept(b"7" * 999))

    def fail(ref: str) -> bytes:
        raise AssertionError(ref)

    config.CaptureConfig(text=UPLOAD, tokens=64).fits(fail)
    for number in range(2 * lengths.KEPT):
        config.CaptureConfig(text=f"input:{number:016x}").fits(kept(b"7" * 999))
    assert len(lengths._kept) == lengths.KEPT


def test_a_long_text_is_not_counted() -> None:
    assert lengths.text_length(EMBEDDED, UPLOAD, 256, kept(b"a b " * 50_000)) is None
    assert not lengths._kept


def test_an_upload_that_is_not_kept_or_no_text_names_the_field() -> None:
    for ref in ("input:deadbeef", "input:0123456789ABCDEF", "input:../../../etc/x"):
        settings = config.CaptureConfig(text=ref)
        for ask in (lambda c=settings: c.admit(local=True), lambda c=settings: c.grounded(print)):
            with pytest.raises(BadInput, match=r"^text: the address of an uploaded file looks"):
                ask()

    def gone(ref: str) -> bytes:
        raise NotFound(f"{ref} is not kept here")

    with pytest.raises(BadInput, match=f"^text: {UPLOAD} is not kept here$"):
        config.CaptureConfig(text=UPLOAD).fits(gone)
    assert refused(config.CaptureConfig(text=UPLOAD), b"\xff" * 99).startswith("text: not UTF-8")


def test_the_runner_queues_nothing_that_cannot_run(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    runner = LocalRunner(store)
    short = store.inputs.put(b"12", "short.txt")
    for settings in (config.EvaluateConfig(windows=100), config.EvaluateConfig(text=short)):
        with pytest.raises(BadInput, match=r"8,635|3 tokens"):
            runner.submit("kv_cache", "evaluate", settings)
        digest = LAB.experiment("evaluate").digest("kv_cache", settings)
        assert store.runs.find(digest) is None
    assert runner._watcher is None


def test_the_command_line_refuses_at_once(repo_root: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("12")
    code = (
        "import sys; from engine.cli import main;"
        "code = main(sys.argv[1:]);"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)), code)"
    )
    for words, sentence in (
        (["--windows", "100"], "windows: must be from 1 to 33 "),
        (["--text", str(short)], "text: has 3 tokens, but at least 16 are needed"),
        (["--text", "input:0123456789abcdef"], "text: input:0123456789abcdef is not kept here"),
    ):
        said = subprocess.run(
            [sys.executable, "-c", code, "kv_cache", "evaluate", *words],
            capture_output=True, text=True, cwd=repo_root,
        )  # fmt: skip
        assert sentence in said.stderr
        assert said.stdout.splitlines()[-1] == "[] 2"


def test_counting_loads_no_torch(repo_root: Path) -> None:
    code = (
        "import sys; from engine.labs.kv_cache import LAB;"
        "[x.config().fits(lambda ref: b'') for x in LAB.experiments];"
        "assert 'tokenizers' in sys.modules;"
        "print(sorted({'torch', 'transformers', 'diffusers'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root, check=True
    )
    assert said.stdout.strip() == "[]"
