"""The shipped model: it loads offline, has the promised shape, and its card tells the truth."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.models.checkpoints import latest
from engine.models.lm import corpus, prepared
from engine.models.lm.card import build_card
from engine.models.lm.document import Document
from engine.models.lm.evaluate import recheck_documents, text_bits_per_byte
from engine.models.lm.export import MAX_BYTES
from engine.models.lm.train import Settings, Trainer

SHIPPED = Path(__file__).parents[2] / "assets" / "models" / "lm"


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(
        SHIPPED, dtype=torch.float32, local_files_only=True
    ).eval()


@pytest.fixture(scope="module")
def tok():
    return AutoTokenizer.from_pretrained(SHIPPED, local_files_only=True)


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((SHIPPED / "card.json").read_text(encoding="utf-8"))


def test_shape_is_what_the_labs_rely_on(model) -> None:
    config = model.config
    assert config.model_type == "llama"
    assert config.head_dim == 64
    assert config.num_hidden_layers >= 4
    assert config.num_attention_heads == 2 * config.num_key_value_heads
    attention = model.model.layers[0].self_attn
    for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
        assert projection.bias is not None
        assert projection.bias.abs().max() > 0


def test_file_is_small_half_precision_safetensors() -> None:
    path = SHIPPED / "model.safetensors"
    assert path.stat().st_size < MAX_BYTES
    with safe_open(path, framework="pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 - no dict == {"F16"}
    assert not {p.suffix for p in SHIPPED.iterdir()} & {".bin", ".pt", ".pkl", ".pth"}


def test_card_describes_this_model(model, tok, card: dict) -> None:
    shape = card["architecture"]
    assert shape["parameters"] == sum(p.numel() for p in model.parameters())
    assert shape["file_bytes"] == (SHIPPED / "model.safetensors").stat().st_size
    assert shape["pieces"] == len(tok) == model.config.vocab_size
    training = card["training"]
    assert training["tokens"] == training["steps"] * training["batch_tokens"]
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert f"{training['steps']:,} steps" in readme


def test_loss_curve_ends_where_training_ended(card: dict) -> None:
    with (SHIPPED / "loss_curve.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    measured = [row for row in rows if row["held_out_nats_per_token"]]
    assert int(measured[-1]["step"]) == card["training"]["steps"]
    first, last = (float(measured[i]["held_out_nats_per_token"]) for i in (0, -1))
    assert last < first - 0.5


def test_model_beats_the_ngram_clearly_in_every_domain(card: dict) -> None:
    for domain, row in card["bits_per_byte"].items():
        assert row["model"] < 0.88 * row["ngram"], domain


def test_readme_says_where_the_ngram_is_ahead(card: dict) -> None:
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    table = card["bits_per_byte"]
    behind = [domain for domain, row in table.items() if row["model"] >= row["ngram"]]
    if behind:
        assert f"**On {' and '.join(behind)} the {card['ngram_order']}-gram" in readme
    else:
        assert "still ahead" not in readme


@pytest.mark.shared
def test_held_out_bits_per_byte_again(model, tok, card: dict, shared_data: Path) -> None:
    documents = recheck_documents(corpus.held_out_texts(shared_data / "text"))
    assert sum(document.size for document in documents) == card["recheck"]["bytes"]
    measured = text_bits_per_byte(model, tok, documents)
    assert measured == pytest.approx(card["recheck"]["model"], abs=2e-3)
    assert measured < 0.95 * card["recheck"]["ngram"]


def test_greedy_text_is_words(model, tok) -> None:
    ids = tok("Once upon a time, there was a", return_tensors="pt").input_ids
    mask = torch.ones_like(ids)
    out = model.generate(ids, attention_mask=mask, do_sample=False, max_new_tokens=24)
    words = tok.decode(out[0, ids.shape[1] :]).split()
    assert len(words) >= 12
    assert sum(word.strip(".,!?\"'").isalpha() for word in words) > 0.8 * len(words)


def test_a_card_is_measured_not_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"Return item {i} of the list, or raise an error. " * 12 for i in range(60)]
    documents = tuple(Document("python-docs", str(i), text) for i, text in enumerate(texts))
    text = corpus.Corpus(documents[9:], {"python-docs": documents[:9]})
    monkeypatch.setattr(corpus, "build", lambda texts: text)
    folder, out = tmp_path / "run", tmp_path / "out"
    settings = Settings(
        folder=folder, preset="tiny", tokens=40 * 512, decay_tokens=5 * 512, long_tokens=512,
        batch_tokens=512, micro_tokens=512, warmup_tokens=512, threads=1, device="cpu", rate=5e-3,
    )  # fmt: skip
    data = prepared.prepare(folder / "data", None, pieces=320)
    threads = torch.get_num_threads()
    try:
        Trainer(settings, data).run(steps=1)
        early = build_card(folder, None, out)
        Trainer(settings, data).run()
        late = build_card(folder, None, out)
    finally:
        torch.set_num_threads(threads)
    assert not early["training"]["finished"]
    assert late["training"]["finished"]
    before, after = (c["bits_per_byte"]["python-docs"]["model"] for c in (early, late))
    assert after < before - 1
    assert math.isclose(late["bits_per_byte"]["all"]["model"], after)
    assert late["recheck"] is None
    assert "| python-docs |" in (out / "README.md").read_text(encoding="utf-8")
    assert latest(folder / "checkpoints").name == "step-000040"
    assert AutoTokenizer.from_pretrained(out, local_files_only=True)("x").input_ids[0] == 0
