"""Each experiment on a tiny model in a folder, as the command line and a job run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from engine.cli import main
from engine.core import Cancelled
from engine.core.context import QuietContext
from engine.figures import Palette
from engine.labs.kv_cache import config, run
from engine.labs.kv_cache.views.positions import draw_positions
from engine.store import Store
from tests.lm_models import save_tiny

TEXT = " ".join(f"the {word} of line {i} holds {i * i}," for i in range(500)
                for word in ("cache", "key")) + "."  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"), TEXT)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "lines.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def shared(model: Path, text: Path) -> dict[str, str]:
    return {"model": str(model), "text": str(text)}


def test_evaluate_gives_what_it_promises(shared: dict) -> None:
    settings = config.EvaluateConfig.build(shared, window=64, windows=4, key_format="int2:token")
    result = run.evaluate(settings, QuietContext())
    again = run.evaluate(settings, QuietContext())
    m = result.metrics
    assert m["delta_nll"] == pytest.approx(m["nll"] - m["nll_exact"], abs=1e-6)
    assert m["delta_nll_low"] <= m["delta_nll"] <= m["delta_nll_high"]
    assert m["kl_p50"] <= m["kl_p90"] <= m["kl_p99"] <= m["kl_max"]
    assert m["bits_key"] == 2 + 32 / 16 and m["bits_value"] == 16
    assert m["bytes_per_token"] == 2 * 16 * (4 + 16) / 8
    assert result["nll_exact"].axes == ("window", "position")
    assert result.array("nll_exact").shape == (4, 63)
    assert result.array("nll_exact").mean() == pytest.approx(m["nll_exact"], rel=1e-5)
    assert result.array("rmse_key").shape == (2, 2)
    assert not result.array("rmse_value").max() > 1e-3
    for name in result.fields:
        assert (result.array(name) == again.array(name)).all()
    assert m == again.metrics


def test_progress_is_told_and_a_cancel_is_heard(shared: dict) -> None:
    class Impatient(QuietContext):
        steps: ClassVar[list[tuple[float, float]]] = []

        def progress(self, done: float, total: float, **metrics: float) -> None:
            self.steps.append((done, total))
            if done >= 2:
                raise Cancelled

    settings = config.EvaluateConfig.build(shared, window=64, windows=4)
    with pytest.raises(Cancelled):
        run.evaluate(settings, Impatient())
    assert Impatient.steps == [(1, 2), (2, 2)]


@pytest.mark.parametrize("order", ["none", "in-head:w-norm", "pairs:rms", "across-heads:rms"])
def test_order_check_finds_no_difference(shared: dict, order: str) -> None:
    settings = config.OrderCheckConfig.build(shared, order=order, tokens=64)
    result = run.order_check(settings, QuietContext())
    assert result.metrics["max_logit_difference"] < 1e-5
    assert (result.metrics["moved"] > 0) == (order != "none")
    assert (np.sort(result.array("permutation")) == np.arange(16)).all()


def test_capture_holds_one_window_and_keys_from_other_text(shared: dict) -> None:
    result = run.capture(config.CaptureConfig.build(shared, tokens=64), QuietContext())
    shapes = {name: field.array.shape for name, field in result.fields.items()}
    assert shapes["q"] == (2, 4, 64, 8) and shapes["k_pre"] == shapes["v"] == (2, 2, 64, 8)
    assert {shapes[name] for name in ("w_norm", "rms_pre", "absmax", "v_rms")} == {(2, 2, 8)}
    assert len(result.notes["tokens"]) == 64 and np.isnan(result.array("nll")[0])
    own = np.sqrt(np.square(result.array("k_post")).mean(2))
    assert not np.allclose(own, result.array("rms_post"), rtol=1e-4)
    assert result.notes["label"] == "real weights"
    rows = np.concatenate([result.array("k_pre")[..., 0, :], result.array("k_post")[..., 0, :]])
    assert np.allclose(rows[:2], rows[2:], atol=1e-6)  # position 0 is not rotated


def test_pareto_says_what_each_point_is(shared: dict) -> None:
    settings = config.ParetoConfig.build(shared, window=64, windows=2, extra="bfp12:b2,int4:token")
    result = run.pareto(settings, QuietContext())
    points = result.notes["points"]
    assert {p["order"] for p in points if p["id"] == "bfp12:b2"} == {
        "none", "in-head:w-norm", "across-heads:rms-post",
    }  # fmt: skip
    assert {p["order"] for p in points if p["id"] == "bfp12:b32"} == {"none"}
    assert {p["value_format"] for p in points} == {"fp16"}
    assert [entry["id"] for entry in result.notes["skipped"]] == ["q4_0"]
    assert len({(p["id"], p["order"]) for p in points}) == len(points)
    for name in ("bits_key", "delta_nll", "kl_mean", "logit_error"):
        assert result.array(name).shape == (len(points),)
    by_id = {p["id"]: i for i, p in enumerate(points) if p["order"] == "none"}
    error = result.array("relative_rmse_key")
    assert error[by_id["int8:token"]] < error[by_id["int4:token"]]


def test_sensitivity_touches_one_unit_at_a_time(shared: dict) -> None:
    settings = config.SensitivityConfig.build(
        shared, window=64, windows=2, ladder="int2:token:head,int8:token:head"
    )
    result = run.sensitivity(settings, QuietContext())
    assert result["kl"].axes == ("side", "layer", "head", "rung")
    kl = result.array("kl")
    assert kl.shape == (2, 2, 2, 2)
    assert (kl[..., 0] > kl[..., 1]).all()  # two bits change more than eight, for every head
    layered = run.sensitivity(
        settings.model_copy(update={"granularity": "layer"}), QuietContext()
    ).array("kl")
    assert layered.shape == (2, 2, 1, 2)
    assert (layered[:, :, 0] >= 0.5 * kl.max(2)).all()


def test_positions_protects_what_it_says(shared: dict) -> None:
    settings = config.PositionsConfig.build(
        shared, window=96, windows=2, key_format="int2:token", probes=4
    )
    result = run.positions(settings, QuietContext())
    pairs = [(p["sinks"], p["residual"]) for p in result.notes["protections"]]
    assert pairs == [(0, 0), (1, 0), (4, 0), (16, 0), (0, 32), (0, 128)]
    kl = result.array("kl")
    ends = result.array("bucket_end")
    assert ends[-1] == 95
    # A residual window of 128 covers the whole window; 16 sinks cover the first 16 tokens.
    assert kl[5].max() < 0.05 * kl[0].max()
    assert kl[3][ends < 16].max() < 0.05 * kl[0][ends < 16].max()
    assert result.array("bits_key")[5] == 16 and result.array("bits_key")[0] == 4
    low, high = result.array("delta_nll_low"), result.array("delta_nll_high")
    # Two windows: each end of the interval is a window's own mean, so the mean lies in the middle.
    assert (low <= high).all() and (high - low).max() > 0
    assert np.allclose((low + high) / 2, result.array("delta_nll"), atol=1e-6)
    assert result.array("recall_logprob").shape == (3, len(result.notes["distances"]))
    gaps = result.notes["distances"]
    assert max(gaps) + 32 == 96 and gaps == sorted(gaps)


def test_positions_of_one_window_have_no_interval(shared: dict) -> None:
    settings = config.PositionsConfig.build(shared, window=96, windows=1, probes=4)
    result = run.positions(settings, QuietContext())
    assert np.isnan(result.array("delta_nll_low")).all()
    figure = draw_positions(result, Palette.light(), kind="sinks")
    assert all(trace.error_y.array is None for trace in figure.data)
    assert figure.layout.title.subtitle.text.startswith("1 window;")


def test_command_line(shared: dict, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["kv_cache", "evaluate", "--model", shared["model"], "--text", shared["text"]]
    words += ["--window", "64", "--windows", "2", "--key-format", "bfp12:b8", "--json"]
    assert main(words) == 0
    line = capsys.readouterr().out.strip().splitlines()[-1]
    for name in ("nll", "nll_exact", "delta_nll", "kl", "top1", "bits_key", "bits_value"):
        assert f'"{name}":' in line


def good(shared: dict) -> list[str]:
    return ["--model", shared["model"], "--text", shared["text"], "--window", "64"]


class Said:
    """What ``evaluate`` answers as JSON to these words, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str):
        self.code = main(["kv_cache", "evaluate", *words, "--json"])
        out, self.err = capsys.readouterr()
        self.json = json.loads(out.splitlines()[-1])

    @property
    def refusal(self) -> str:
        """The one sentence of a refused command line."""
        assert self.code == 2 and self.err == f"error: {self.json['error']}\n"
        return self.json["error"]


def test_evaluate_has_the_options_of_its_experiment(
    shared: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*good(shared), "--windows", "2", "--key-format", "bfp12:b8"]
    said = Said(capsys, *words, "--no-store", "--out", str(tmp_path / "out"))
    assert [Path(path).name for path in said.json["files"]] == [
        "result.npz", "metrics.json", "manifest.json",
    ]  # fmt: skip
    assert (said.json["text"], said.json["bits_key"]) == ("lines.txt", 4 + 8 / 8)
    assert not Store.open().results.has(said.json["digest"])
    kept = Said(capsys, *words)
    assert Store.open().results.has(kept.json["digest"])
    same = ("digest", "config", "nll", "delta_nll", "kl", "top1")
    assert [kept.json[name] for name in same] == [said.json[name] for name in same]
    uploaded = kept.json["config"]["text"]
    assert uploaded.startswith("input:")
    again = Said(capsys, *words, "--text", uploaded)
    assert again.json["digest"] == kept.json["digest"]


def test_without_a_key_format_the_config_decides(capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys)
    assert said.json["key_format"] == config.EvaluateConfig().key_format == "bfp12:b32"
    assert said.json["config"] == config.EvaluateConfig().model_dump(mode="json")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--text", "/nowhere/at/all.txt"], "text"),
        (["--model", "/nowhere/at/all"], "model"),
        (["--model", "owner/name"], "model"),
        (["--model", "https://example.org/model"], "model"),
        (["--key-format", "int99"], "key_format"),
        (["--value-format", "bfp12:b0"], "value_format"),
        (["--key-format", "q4_0"], "key_format"),
        (["--order", "sideways"], "order"),
        (["--window", "4"], "window"),
        (["--window", "129"], "window"),
        (["--windows", "256", "--window", "128"], "text"),
        (["--windows", "two"], "windows"),
        (["--protocol", "later"], "protocol"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_bad_options_get_one_sentence(
    shared: dict, words: list[str], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert field in Said(capsys, *good(shared), *words).refusal


@pytest.mark.parametrize(
    "data",
    [b"", b" \n ", b"\x00\x01\x02" * 50, "caf\u00e9 ".encode("latin-1") * 50, b"too short"],
)
def test_bad_texts_get_one_sentence(
    shared: dict, tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    assert "text" in Said(capsys, *good(shared), "--text", str(path)).refusal


@pytest.mark.parametrize("in_a_file", [True, False])
def test_a_policy_is_json_or_a_file_of_it(
    shared: dict, tmp_path: Path, in_a_file: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def given(policy: str) -> str:
        if not in_a_file:
            return policy
        (tmp_path / "policy.json").write_text(f"{policy}\n")
        return str(tmp_path / "policy.json")

    words = [*good(shared), "--windows", "2", "--key-format", "fp16", "--policy"]
    policy = '{"layers": {"0": {"key": "int4:token"}}}'
    said = Said(capsys, *words, given(policy))
    assert said.json["bits_key"] == (16 + 4 + 32 / 16) / 2
    assert said.json["config"]["policy"] == policy
    far = given('{"layers": {"9": {"key": "int4:token"}}}')
    assert "layers 0 to 1" in Said(capsys, *words, far).refusal


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("/nowhere/policy.json", "policy: '/nowhere/policy.json' is not a file"),
        ("{", "policy: is not JSON"),
        ("[]", "policy: must be an object"),
        ('{"default": {"key": "int99"}}', "policy.default.key: "),
        (f'{{"default": {{"key": "{"x" * 20_000}"}}}}', "policy.default.key: "),
    ],
)
def test_a_bad_policy_is_refused_before_a_model_is_loaded(
    policy: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Said(capsys, "--model", "/nowhere/at/all", "--policy", policy)
    assert said.refusal.startswith(reason)
