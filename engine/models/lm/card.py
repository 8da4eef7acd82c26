"""Export a checkpoint, measure it, and write its model card.

``python -m engine.models.lm.card`` reads the training folder and fills ``assets/models/lm``.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
import transformers
from jinja2 import Environment, FileSystemLoader
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from engine.models.checkpoints import latest
from engine.models.lm import corpus
from engine.models.lm.checkpoint import Progress
from engine.models.lm.docstrings import PACKAGE_BYTES
from engine.models.lm.evaluate import (
    bits_per_byte,
    model_nats,
    ngram_nats,
    recheck_documents,
    text_bits_per_byte,
)
from engine.models.lm.export import export
from engine.models.lm.ngram import KneserNey
from engine.models.lm.outliers import outliers
from engine.models.lm.prepared import Prepared, prepare
from engine.models.lm.tokenizer import encode_documents
from engine.models.lm.train import Settings, held_out_sample, window

SHIPPED = Path(__file__).resolve().parents[3] / "assets" / "models" / "lm"
EVALUATED_BYTES = 300_000  # per domain: keeps the evaluation to a minute on two cores
NGRAM_ORDERS = (3, 4, 5)
PROMPTS = ("Return a copy of the", "Once upon a time, there was a", "KING RICHARD II:\n")
SAMPLING = {"seed": 0, "temperature": 0.7, "top_p": 0.9, "max_new_tokens": 120}
CURVE_ROWS = 120


def build_card(folder: Path, texts: Path | None, out: Path) -> dict[str, Any]:
    """Export the latest checkpoint of ``folder`` to ``out`` and write card, curve and README."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    data = prepare(folder / "data", texts)
    source = latest(folder / "checkpoints")
    if source is None:
        raise SystemExit(f"no checkpoint in {folder}")
    torch.set_num_threads(settings["threads"])
    model, progress = export(source, out, settings["preset"], data.tokenizer, settings["seed"])
    baseline = best_ngram(data)
    weights = out / "model.safetensors"
    card = {
        "name": "engram-lm",
        "architecture": architecture(model, weights),
        "training": {
            **{key: settings[key] for key in TRAINING_KEYS},
            "steps": progress.step,
            "tokens": progress.tokens,
            "seconds": round(progress.seconds),
            "plans": progress.plans or [(progress.decay_start, 1.0, progress.total)],
            "window_tokens": window_tokens(progress, settings),
            "finished": progress.tokens >= progress.total,
        },
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
        "corpus": {**data.facts, "package_bytes": PACKAGE_BYTES},
        "bits_per_byte": bits_table(model, baseline, data),
        "ngram_order": baseline.order,
        "recheck": recheck(model, baseline, data, texts),
        "outliers": outliers(model, held_out_sample(data, windows=4)),
        "sampling": SAMPLING,
        "samples": [{"prompt": p, "text": sample(model, data.tokenizer, p)} for p in PROMPTS],
        "licence": "Apache-2.0",
    }
    curve = thin(folder / "loss_curve.csv", CURVE_ROWS)
    with (out / "loss_curve.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(curve)
    text = json.dumps(card, indent=1, ensure_ascii=False)
    (out / "card.json").write_text(text + "\n", encoding="utf-8")
    (out / "README.md").write_text(render(card, curve), encoding="utf-8")
    return card


TRAINING_KEYS = (
    "preset", "optimiser", "rate", "batch_tokens", "warmup_tokens", "seed", "threads", "device",
    "precision",
)  # fmt: skip


def window_tokens(progress: Progress, settings: Mapping[str, Any]) -> dict[int, int]:
    """Tokens seen in windows of each length, replayed from the plans of the training's end."""
    sizes = Settings(middle_tokens=settings["middle_tokens"], long_tokens=settings["long_tokens"])
    plans = progress.plans or [(0, 1.0, progress.total)]
    seen: dict[int, int] = {}
    total = settings["tokens"] if progress.plans else progress.total
    for tokens in range(0, progress.tokens, settings["batch_tokens"]):
        total = next((p[2] for p in reversed(plans) if p[0] <= tokens), total)
        length = min(window(total - tokens, sizes), settings["batch_tokens"])
        seen[length] = seen.get(length, 0) + settings["batch_tokens"]
    return seen


def architecture(model: LlamaForCausalLM, weights: Path) -> dict[str, Any]:
    """The shape of the model and the size of its file."""
    config = model.config
    return {
        "type": config.model_type,
        "parameters": sum(p.numel() for p in model.parameters()),
        "file_bytes": weights.stat().st_size,
        "dtype": "float16",
        "layers": config.num_hidden_layers,
        "hidden": config.hidden_size,
        "ffn": config.intermediate_size,
        "query_heads": config.num_attention_heads,
        "kv_heads": config.num_key_value_heads,
        "head_dim": config.head_dim,
        "positions": config.max_position_embeddings,
        "rope_theta": config.rope_parameters["rope_theta"],
        "attention_bias": config.attention_bias,
        "tied_embeddings": config.tie_word_embeddings,
        "pieces": config.vocab_size,
    }


def best_ngram(data: Prepared) -> KneserNey:
    """The Kneser-Ney order that does best on the held-out documents: the strongest baseline."""
    documents = [
        document
        for domain in corpus.DOMAINS
        for document in data.held_out.evaluated(domain, EVALUATED_BYTES)[0]
    ]
    fitted = [KneserNey(n, len(data.tokenizer)).fit(data.train.tokens) for n in NGRAM_ORDERS]
    return min(fitted, key=lambda model: ngram_nats(model, documents))


def bits_table(
    model: LlamaForCausalLM, baseline: KneserNey, data: Prepared
) -> dict[str, dict[str, float]]:
    """Held-out bits per byte of model and n-gram, by domain and overall."""
    table: dict[str, dict[str, float]] = {}
    totals = np.zeros(4)
    for domain in corpus.DOMAINS:
        documents, size = data.held_out.evaluated(domain, EVALUATED_BYTES)
        if not documents:
            continue
        count = sum(len(document) - 1 for document in documents)
        row = np.array([model_nats(model, documents), ngram_nats(baseline, documents), size, count])
        totals += row
        table[domain] = _row(row)
    table["all"] = _row(totals)
    return table


def _row(row: np.ndarray) -> dict[str, float]:
    ours, theirs, size, count = row.tolist()
    return {
        "model": round(bits_per_byte(ours, int(size)), 4),
        "ngram": round(bits_per_byte(theirs, int(size)), 4),
        "model_nats_per_token": round(ours / count, 4),
        "ngram_nats_per_token": round(theirs / count, 4),
        "bytes": int(size),
        "tokens": int(count),
    }


def recheck(
    model: LlamaForCausalLM, baseline: KneserNey, data: Prepared, texts: Path | None
) -> dict[str, float] | None:
    """The figures that a test measures again; None when trained without the shared texts."""
    documents = recheck_documents(corpus.held_out_texts(texts)) if texts else []
    if not documents:
        return None
    encoded = encode_documents(data.tokenizer, documents)
    size = sum(document.size for document in documents)
    return {
        "model": round(text_bits_per_byte(model, data.tokenizer, documents), 4),
        "ngram": round(bits_per_byte(ngram_nats(baseline, encoded), size), 4),
        "bytes": size,
    }


def sample(model: LlamaForCausalLM, tok: PreTrainedTokenizerFast, prompt: str) -> str:
    """Text that the model continues ``prompt`` with, at the card's sampling settings."""
    torch.manual_seed(int(SAMPLING["seed"]))
    ids = tok(prompt, return_tensors="pt").input_ids
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        top_k=0,
        temperature=SAMPLING["temperature"],
        top_p=SAMPLING["top_p"],
        max_new_tokens=SAMPLING["max_new_tokens"],
        pad_token_id=tok.bos_token_id,
    )
    return tok.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


def thin(path: Path, rows: int) -> list[list[str]]:
    """Header, every row with a held-out loss, and about ``rows`` of the others."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *body = list(csv.reader(file))
    every = max(1, len(body) // rows)
    return [header, *(row for i, row in enumerate(body) if row[-1] or i % every == 0)]


def render(card: Mapping[str, Any], curve: Sequence[Sequence[str]]) -> str:
    """The card as Markdown."""
    measured = [row for row in curve[1:] if row[-1]]
    every = max(1, len(measured) // 8)
    shown = measured[::-1][::every][::-1]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True, autoescape=False
    )
    behind = [n for n, row in card["bits_per_byte"].items() if row["model"] >= row["ngram"]]
    template = environment.get_template("card.md")
    return template.render(card=card, curve=shown, behind=behind, default_tokens=Settings().tokens)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.lm.card", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("training/lm"))
    parser.add_argument("--texts", type=Path, default=corpus.DEFAULT_TEXTS)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    values = parser.parse_args(argv)
    card = build_card(values.folder, values.texts, values.out)
    print(json.dumps(card["bits_per_byte"], indent=1))


if __name__ == "__main__":
    main()
