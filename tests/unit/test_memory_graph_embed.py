"""Sentence vectors from a model folder: pooling, and a file that evaluate reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from engine.core import BadInput
from engine.labs.memory_graph.commands_embed import embed
from engine.labs.memory_graph.encoder import load_encoder
from tests.memory_corpora import PASSAGES, TRIPLES, evaluate, write_lines

WORDS = ["[PAD]", "[UNK]", "Ada", "Marsh", "Heron", "Bridge", "Otto", "Lind", "Tea", "the", "a"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with random weights."""
    path = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=12,
        )
    ).save_pretrained(path)  # fmt: skip
    words = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(path)
    return path


def test_rows_are_unit_and_do_not_depend_on_their_batch(folder: Path) -> None:
    encoder = load_encoder(folder)
    texts = ["Ada", "Ada Marsh the Heron Bridge", "a " * 100, "Tea"]
    together = encoder.encode(texts)
    assert together.shape == (4, 16)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert encoder.encode([]).shape == (0, 16)


def test_the_mean_is_over_the_tokens_or_the_first_is_taken(folder: Path) -> None:
    encoder = load_encoder(folder)
    tokens = encoder.tokenizer(["Ada Marsh Tea"], return_tensors="pt")
    with torch.inference_mode():
        hidden = encoder.model(**tokens).last_hidden_state[0].numpy()
    for first, pooled in ((False, hidden.mean(axis=0)), (True, hidden[0])):
        encoder.first = first
        (row,) = encoder.encode(["Ada Marsh Tea"])
        np.testing.assert_allclose(row, pooled / np.linalg.norm(pooled), atol=1e-5)


def test_embedded_vectors_are_read_back(folder: Path, tmp_path: Path) -> None:
    corpus = [{"title": p.title, "text": p.text} for p in PASSAGES]
    triples = [{"idx": i, "triples": [list(t) for t in own]} for i, own in enumerate(TRIPLES)]
    files = [
        "--corpus", str(write_lines(tmp_path / "c.jsonl", corpus)),
        "--questions",
        str(write_lines(tmp_path / "q.jsonl", [{"question": "Ada Marsh", "gold": [0]}])),
        "--triples", str(write_lines(tmp_path / "t.jsonl", triples)),
    ]  # fmt: skip
    out = str(tmp_path / "v.npz")
    answer = embed([*files, "--encoder", str(folder), "--out", out])
    assert (answer["passages"], answer["questions"], answer["facts"]) == (4, 1, 7)
    for method in ("dense", "hipporag2", "mix"):
        found = evaluate([*files, "--vectors", out, "--method", method])
        assert found["recall@10"] == 100


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"--encoder": "/nowhere"}, "encoder"),
        ({"--encoder": "."}, "encoder"),
        ({"--out": "vectors.txt"}, "out"),
        ({"--out": "/nowhere/vectors.npz"}, "out"),
    ],
)
def test_bad_folders_are_said(
    folder: Path, tmp_path: Path, change: dict[str, str], field: str
) -> None:
    write_lines(tmp_path / "c.jsonl", [{"text": "Ada"}])
    write_lines(tmp_path / "q.jsonl", [{"question": "Ada", "gold": [0]}])
    options = {
        "--encoder": str(folder), "--corpus": str(tmp_path / "c.jsonl"),
        "--questions": str(tmp_path / "q.jsonl"), "--out": str(tmp_path / "v.npz"), **change,
    }  # fmt: skip
    with pytest.raises(BadInput) as caught:
        embed([word for pair in options.items() for word in pair])
    assert caught.value.field == field
