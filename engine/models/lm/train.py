"""Train the embedded language model: ``python -m engine.models.lm.train``.

A rerun continues from the last checkpoint, and SIGTERM writes one before it ends. The learning
rate warms up, stays, and decays to zero over the last part of the token budget
(warmup-stable-decay, Hu et al. 2024, section 4), so ``--decay-now`` can finish from any
checkpoint.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import LinearCrossEntropyOptions
from transformers import LlamaForCausalLM

from engine.models.checkpoints import latest
from engine.models.lm import checkpoint
from engine.models.lm.architecture import PRESETS, build_model
from engine.models.lm.checkpoint import Progress
from engine.models.lm.corpus import DEFAULT_TEXTS
from engine.models.lm.optimiser import Optimiser
from engine.models.lm.prepared import Prepared, prepare
from engine.models.lm.tokenizer import BOS_ID

SHORT, MIDDLE, LONG = 256, 512, 1024
PROBE = 512
CHUNKS = LinearCrossEntropyOptions(batch_chunk_size=512, chunking_method=None)
CURVE = ("step", "tokens", "seconds", "rate", "train_nats_per_token", "held_out_nats_per_token")


@dataclass
class Settings:
    """What a training run is made of; token counts are tokens seen, repeats included."""

    folder: Path = Path("training/lm")
    texts: Path | None = DEFAULT_TEXTS
    preset: str = "cpu"
    tokens: int = 18_190_272
    decay_tokens: int = 7_000_000
    middle_tokens: int = 2_500_000  # the last ones, in windows of 512
    long_tokens: int = 800_000  # the very last ones, in windows of 1024
    batch_tokens: int = 4096
    micro_tokens: int = 4096
    rate: float = 2e-3
    warmup_tokens: int = 200_000
    optimiser: str = "muon"
    seed: int = 0
    threads: int = 2
    compile: bool = False
    save_minutes: float = 4.0
    device: str = field(default_factory=lambda: "cuda" if torch.cuda.is_available() else "cpu")
    # Matrix products only; weights, sums and the optimiser stay float32.
    precision: str = field(default_factory=lambda: fastest_precision())


def fastest_precision() -> str:
    """``bfloat16`` where the hardware multiplies it faster than float32, else ``float32``."""
    # There is no public name for this question yet (torch 2.13).
    short = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if short else "float32"


def learning_rate(tokens: int, progress: Progress, settings: Settings) -> float:
    """Linear warmup, a plateau, then linear decay to zero at ``progress.total``."""
    warm = min(1.0, (tokens + settings.batch_tokens) / settings.warmup_tokens)
    return settings.rate * min(warm, decay(tokens, progress))


def decay(tokens: int, progress: Progress) -> float:
    """Share of the full rate: 1 before ``decay_start``, then linear to 0 at ``total``."""
    if tokens < progress.decay_start:
        return 1.0
    left = (progress.total - tokens) / max(1, progress.total - progress.decay_start)
    return progress.decay_from * max(0.0, left)


def window(left: int, settings: Settings) -> int:
    """Tokens per window with ``left`` tokens to go: short first, where most of the time goes."""
    if left <= settings.long_tokens:
        return LONG
    return MIDDLE if left <= settings.middle_tokens else SHORT


def batch(stream: np.ndarray, index: int, batch_tokens: int, length: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets of shape (rows, length), cut from one pass over the documents.

    Every other row begins with BOS, which is how the tokenizer opens any text; the rest begin in
    mid-text, as a window of a long text does.
    """
    piece = stream[index * batch_tokens : (index + 1) * batch_tokens + 1].astype(np.int64)
    inputs = piece[:-1].reshape(-1, length).copy()  # b t
    inputs[::2, 0] = BOS_ID
    return torch.from_numpy(inputs), torch.from_numpy(piece[1:].reshape(-1, length).copy())


class Trainer:
    """A model, its optimiser and its place in the data."""

    def __init__(self, settings: Settings, data: Prepared):
        torch.set_num_threads(settings.threads)
        self.settings, self.data = settings, data
        self.model = build_model(settings.preset, len(data.tokenizer), settings.seed)
        self.model.to(settings.device)
        self.optimiser = Optimiser(self.model, settings.optimiser)
        self.progress = Progress(
            decay_start=settings.tokens - settings.decay_tokens, total=settings.tokens
        )
        self.checkpoints = settings.folder / "checkpoints"
        found = latest(self.checkpoints)
        if found is not None:
            self.progress = checkpoint.load(found, self.model, self.optimiser)
        self.stopped = False
        self._short = settings.precision == "bfloat16"
        self._epoch = (-1, np.zeros(0, np.uint16))
        self._loss = torch.compile(self._plain_loss) if settings.compile else self._plain_loss

    def decay_now(self, tokens: int) -> None:
        """End the plateau here and decay over the next ``tokens`` tokens.

        In a running decay this plans its rest anew, from the rate where it stands.
        """
        progress = self.progress
        progress.decay_from = decay(progress.tokens, progress)
        progress.decay_start = progress.tokens
        progress.total = progress.tokens + tokens
        progress.plans.append((progress.tokens, progress.decay_from, progress.total))

    def _plain_loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        hidden = self.model.model(input_ids=inputs, use_cache=False).last_hidden_state  # b t d
        head = self.model.lm_head.weight.to(hidden.dtype)  # v d
        # In chunks: the whole table of logits would be the largest tensor of the step.
        return F.linear_cross_entropy(
            hidden.flatten(0, 1), head, targets.flatten(), options=CHUNKS
        ).float()

    def _stream(self, number: int) -> np.ndarray:
        if self._epoch[0] != number:
            self._epoch = (number, self.data.epoch(self.settings.seed, number))
        return self._epoch[1]

    def step(self) -> float:
        """One optimiser step over ``batch_tokens`` tokens; returns its loss in nats per token."""
        settings, progress = self.settings, self.progress
        per_epoch = (len(self._stream(0)) - 1) // settings.batch_tokens
        number, index = divmod(progress.step, per_epoch)
        length = min(window(progress.total - progress.tokens, settings), settings.batch_tokens)
        inputs, targets = batch(self._stream(number), index, settings.batch_tokens, length)
        rows = max(1, settings.micro_tokens // length)
        total = 0.0
        for part, goal in zip(inputs.split(rows), targets.split(rows), strict=True):
            share = part.numel() / inputs.numel()
            with torch.autocast(settings.device, torch.bfloat16, enabled=self._short):
                loss = self._loss(part.to(settings.device), goal.to(settings.device))
            (loss * share).backward()
            total += loss.item() * share
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step(learning_rate(progress.tokens, progress, settings))
        progress.step += 1
        progress.tokens += settings.batch_tokens
        return total

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.checkpoints, self.model, self.optimiser, self.progress)

    def run(self, steps: int | None = None) -> None:
        """Train to the end of the token budget (or for ``steps`` steps), with checkpoints."""
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        kept = json.dumps(asdict(self.settings), default=str, indent=1)
        (self.settings.folder / "settings.json").write_text(kept, encoding="utf-8")
        probe = held_out_sample(self.data)
        earlier, start = self.progress.seconds, time.monotonic()
        last_save, losses = start, []
        while not self.stopped and self.progress.tokens < self.progress.total and steps != 0:
            losses.append(self.step())
            steps = None if steps is None else steps - 1
            self.progress.seconds = earlier + time.monotonic() - start
            done = self.stopped or self.progress.tokens >= self.progress.total or steps == 0
            if not done and self.progress.step % 20 == 0:
                self._record(losses, None)
                losses = []
            if done or time.monotonic() - last_save > 60 * self.settings.save_minutes:
                self._record(losses, loss_on(self.model, probe))
                losses = []
                self.save()
                last_save = time.monotonic()

    def _record(self, losses: list[float], held_out: float | None) -> None:
        path = self.settings.folder / "loss_curve.csv"
        fresh = not path.exists()
        p = self.progress
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(CURVE)
            rate = learning_rate(p.tokens - self.settings.batch_tokens, p, self.settings)
            mean = f"{np.mean(losses):.4f}" if losses else ""
            held = "" if held_out is None else f"{held_out:.4f}"
            writer.writerow([p.step, p.tokens, round(p.seconds), f"{rate:.6f}", mean, held])
        print(f"{p.step} {p.tokens} {p.seconds:.0f}s {mean} {held}", flush=True)


def held_out_sample(data: Prepared, windows: int = 12) -> Tensor:
    """A few windows of every held-out domain, int64 (rows, 512), each beginning with BOS."""
    rows = []
    for domain in np.unique(data.held_out.domains):
        keep = np.repeat(data.held_out.domains == domain, data.held_out.lengths)
        tokens = data.held_out.tokens[keep]
        count = min(windows, len(tokens) // PROBE)
        starts = np.linspace(0, len(tokens) - PROBE, count).astype(int)
        rows += [np.r_[BOS_ID, tokens[s : s + PROBE - 1]] for s in starts]
    return torch.from_numpy(np.array(rows, dtype=np.int64).reshape(-1, PROBE))


@torch.inference_mode()
def loss_on(model: LlamaForCausalLM, rows: Tensor) -> float:
    """Mean loss in nats per token over rows of tokens, shape (rows, length); nan without rows."""
    if not len(rows):
        return math.nan
    device = model.device
    losses = []
    for part in rows.split(4):
        logits = model(input_ids=part.to(device), use_cache=False).logits[:, :-1]  # b t v
        losses.append(
            F.cross_entropy(
                logits.flatten(0, 1).float(), part[:, 1:].to(device).flatten(), reduction="none"
            )
        )
    return torch.cat(losses).mean().item()


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.lm.train", description=__doc__)
    base = Settings()
    parser.add_argument("--folder", type=Path, default=base.folder)
    parser.add_argument("--texts", type=Path, default=base.texts, help="folder of gzip texts")
    parser.add_argument("--preset", choices=sorted(PRESETS), default=base.preset)
    parser.add_argument("--optimiser", choices=("muon", "adamw"), default=base.optimiser)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default=base.precision)
    parser.add_argument("--rate", type=float, default=base.rate)
    for name in ("tokens", "decay_tokens", "middle_tokens", "long_tokens", "batch_tokens",
                 "micro_tokens", "warmup_tokens", "seed", "threads"):  # fmt: skip
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, type=int, default=getattr(base, name))
    parser.add_argument("--compile", action="store_true", help="torch.compile (needs g++)")
    parser.add_argument("--steps", type=int, help="stop after this many steps")
    parser.add_argument("--decay-now", type=int, metavar="TOKENS", help="start decaying here")
    values = vars(parser.parse_args(argv))
    steps, ending = values.pop("steps"), values.pop("decay_now")
    settings = Settings(**values)
    if settings.texts is None or not settings.texts.is_dir():
        print(f"no texts at {settings.texts}: training on Python documents alone", flush=True)
    trainer = Trainer(settings, prepare(settings.folder / "data", settings.texts))
    if ending is not None:
        trainer.decay_now(ending)
    signal.signal(signal.SIGTERM, lambda *_: setattr(trainer, "stopped", True))
    trainer.run(steps)


if __name__ == "__main__":
    main()
