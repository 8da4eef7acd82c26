"""Training on a miniature: it learns, resumes bit for bit, and its schedule is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.models.checkpoints import latest
from engine.models.lm import corpus, prepared, tokenizer
from engine.models.lm.architecture import build_model
from engine.models.lm.checkpoint import Progress
from engine.models.lm.document import Document
from engine.models.lm.evaluate import bits_per_byte, model_nats
from engine.models.lm.export import export
from engine.models.lm.muon import orthogonalise
from engine.models.lm.outliers import channel_ratio, kurtosis, outliers
from engine.models.lm.prepared import Prepared, Split
from engine.models.lm.train import Settings, Trainer, batch, learning_rate, window


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data() -> Prepared:
    texts = [f"Return item {i} of the list, or raise an error. " * 6 for i in range(40)]
    documents = [Document("python-docs", str(i), text) for i, text in enumerate(texts)]
    tok = tokenizer.train_tokenizer(texts, 320)
    return Prepared(tok, Split.encode(tok, documents[2:]), Split.encode(tok, documents[:2]), {})


def settings(folder: Path, **changes) -> Settings:
    """A run of six steps that takes a second."""
    base = {
        "folder": folder, "preset": "tiny", "tokens": 6 * 512, "decay_tokens": 2 * 512,
        "long_tokens": 512, "batch_tokens": 512, "micro_tokens": 256, "warmup_tokens": 512,
        "threads": 1, "device": "cpu",
    }  # fmt: skip
    return Settings(**{**base, **changes})


@pytest.mark.parametrize("kind", ["muon", "adamw"])
def test_resumed_training_is_bit_equal(tmp_path: Path, data: Prepared, kind: str) -> None:
    whole = Trainer(settings(tmp_path / "whole", optimiser=kind), data)
    whole.run()
    Trainer(settings(tmp_path / "parts", optimiser=kind), data).run(steps=3)
    second = Trainer(settings(tmp_path / "parts", optimiser=kind), data)
    assert second.progress.step == 3
    second.run()
    assert whole.progress.step == second.progress.step == 6
    for (name, a), b in zip(whole.model.named_parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b), name


def test_training_learns(tmp_path: Path, data: Prepared) -> None:
    trainer = Trainer(settings(tmp_path, tokens=30 * 512, rate=5e-3), data)
    first = trainer.step()
    for _ in range(28):
        last = trainer.step()
    assert last < 0.5 * first


def test_a_stopped_training_leaves_a_checkpoint(tmp_path: Path, data: Prepared) -> None:
    trainer = Trainer(settings(tmp_path), data)
    trainer.step()
    trainer.stopped = True
    trainer.run()
    trainer.save()
    assert latest(tmp_path / "checkpoints").name == "step-000001"


def test_old_checkpoints_are_cleared(tmp_path: Path, data: Prepared) -> None:
    trainer = Trainer(settings(tmp_path), data)
    for _ in range(4):
        trainer.step()
        trainer.save()
    kept = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    assert kept == ["step-000003", "step-000004"]


def test_schedule_warms_up_stays_and_decays() -> None:
    s = Settings(rate=1.0, batch_tokens=10, warmup_tokens=100)
    p = Progress(decay_start=500, total=1000)
    rates = [learning_rate(t, p, s) for t in (0, 90, 400, 500, 750, 990)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.5, 0.02])


def test_decay_can_start_anywhere(tmp_path: Path, data: Prepared) -> None:
    trainer = Trainer(settings(tmp_path, tokens=10**9), data)
    trainer.step()
    trainer.decay_now(2 * 512)
    trainer.run()
    assert trainer.progress.step == 3


def test_decay_planned_anew_continues_from_its_rate(tmp_path: Path, data: Prepared) -> None:
    trainer = Trainer(settings(tmp_path, tokens=8 * 512, decay_tokens=4 * 512), data)
    trainer.progress.tokens = 6 * 512
    before = learning_rate(6 * 512, trainer.progress, trainer.settings)
    trainer.decay_now(10 * 512)
    after = [learning_rate(t * 512, trainer.progress, trainer.settings) for t in (6, 11, 16)]
    assert after == pytest.approx([before, before / 2, 0])
    assert trainer.progress.plans == [(6 * 512, pytest.approx(0.5), 16 * 512)]


def test_windows_grow_at_the_end() -> None:
    s = Settings(middle_tokens=500, long_tokens=100)
    lengths = [window(1000 - t, s) for t in (0, 499, 500, 899, 900)]
    assert lengths == [256, 256, 512, 512, 1024]


def test_batches_cover_the_stream_once() -> None:
    stream = np.arange(1, 42, dtype=np.uint16)
    seen = []
    for index in range(5):
        inputs, targets = batch(stream, index, 8, 4)
        assert inputs.shape == targets.shape == (2, 4)
        assert inputs[0, 0] == tokenizer.BOS_ID
        assert torch.equal(inputs[:, 1:], targets[:, :-1])
        seen += targets.flatten().tolist()
    assert seen == list(range(2, 42))


def test_epochs_are_shuffled_and_repeat_small_domains(data: Prepared) -> None:
    first, again, other = data.epoch(0, 0), data.epoch(0, 0), data.epoch(0, 1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(np.sort(first), np.sort(other))
    story = Split.encode(data.tokenizer, [Document("stories", "s", "Once.")])
    length = len(Prepared(data.tokenizer, story, story, {}).epoch(0, 0))
    assert length == prepared.REPEATS["stories"] * len(story.tokens)


def test_prepared_folder_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = corpus.Corpus(
        tuple(Document("stories", str(i), f"Tom had {i} red balls. " * 5) for i in range(20)),
        {"stories": (Document("stories", "x", "Tom sat."),)},
    )
    monkeypatch.setattr(corpus, "build", lambda texts: text)
    first = prepared.prepare(tmp_path, None, pieces=280)
    monkeypatch.setattr(corpus, "build", lambda texts: pytest.fail("was built twice"))
    second = prepared.prepare(tmp_path, None, pieces=280)
    assert np.array_equal(first.train.tokens, second.train.tokens)
    assert first.facts == second.facts
    documents, size = second.held_out.evaluated("stories", 1000)
    assert (len(documents), size) == (1, 8)
    documents, size = second.train.evaluated("stories", second.train.sizes.sum() // 2)
    assert len(documents) == 10
    assert size == second.train.sizes[::2].sum()


@pytest.mark.parametrize("shape", [(40, 40), (64, 20), (20, 64)])
def test_muon_makes_singular_values_alike(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_evaluation_equals_the_models_own_loss(data: Prepared) -> None:
    model = build_model("tiny", len(data.tokenizer), 0).eval()
    documents = data.held_out.documents()
    with torch.no_grad():
        want = 0.0
        for document in documents:
            ids = torch.from_numpy(document.astype(np.int64))[None]
            want += model(input_ids=ids, labels=ids).loss.item() * (len(document) - 1)
    assert model_nats(model, documents) == pytest.approx(want, rel=1e-5)
    assert bits_per_byte(np.log(2) * 80, 10) == pytest.approx(8)


def test_export_loads_as_trained(tmp_path: Path, data: Prepared) -> None:
    trainer = Trainer(settings(tmp_path / "run"), data)
    trainer.run(steps=2)
    source = latest(tmp_path / "run" / "checkpoints")
    shipped, progress = export(source, tmp_path / "out", "tiny", data.tokenizer, 0)
    assert progress.step == 2
    for a, b in zip(trainer.model.parameters(), shipped.parameters(), strict=True):
        assert torch.equal(a.half().float(), b)


def test_outlier_statistics() -> None:
    torch.manual_seed(0)
    x = torch.randn(20_000, 8)
    assert kurtosis(x) == pytest.approx(3, abs=0.1)
    x[:, 3] *= 10
    assert channel_ratio(x) == pytest.approx(10, rel=0.05)


def test_outliers_see_keys_before_and_after_rotation() -> None:
    model = build_model("tiny", 300, 0).eval()
    with torch.no_grad():
        bias = model.model.layers[1].self_attn.k_proj.bias
        bias.zero_()
        bias[1] = 100.0  # RoPE turns this into a circle over channels 1 and 17
    table = outliers(model, torch.arange(1, 257).reshape(2, 128))
    before, after = table[1]["key_pre_rope"], table[1]["key"]
    assert before["head_ratio"][0] > 50
    assert after["head_ratio"][0] == pytest.approx(before["head_ratio"][0] / 2**0.5, rel=0.2)
    assert table[0]["key"]["head_ratio"][0] < 3


def test_unknown_preset() -> None:
    with pytest.raises(BadInput, match="preset"):
        build_model("huge", 300, 0)
