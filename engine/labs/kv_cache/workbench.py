"""A model, its windows of text, and what is fitted on the text held apart: each made when asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from engine.core import BadInput
from engine.core.context import Context
from engine.io.text import read_text
from engine.labs.kv_cache import calibration
from engine.labs.kv_cache.config import ModelText
from engine.labs.kv_cache.formats import Role
from engine.labs.kv_cache.orders import build_permutation
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.policy import Policy
from engine.labs.kv_cache.sources import SAMPLES, sample_path
from engine.labs.kv_cache.storage import LayerStorage, Storage, with_order
from engine.labs.kv_cache.teacher_forced import cut_windows
from engine.models.lm.load import LoadedModel, load_model
from engine.models.lm.rotary import rotary_channels
from engine.models.lm.tokens import Tokens, tokenize


class Workbench:
    """What every experiment on a model needs; ``ids`` are the evaluated windows [n, t]."""

    def __init__(
        self, config: ModelText, context: Context, window: int, windows: int = 1, seed: int = 0
    ):
        self.text_name = config.text
        text = _read(config.text, context)
        self.loaded: LoadedModel = load_model(config.model)
        self.seed = seed
        used = window * windows
        self.tokens: Tokens = tokenize(self.loaded, text, used + calibration.TOKENS)
        longest = self.loaded.info.max_positions
        self.ids = cut_windows(self.tokens.ids, window, windows, longest)

    @cached_property
    def _calibration(self) -> tuple[np.ndarray, str]:
        return calibration.calibration_ids(self.loaded, self.tokens, self.ids.size, self.text_name)

    @cached_property
    def samples(self) -> calibration.Samples:
        """Exact tensors of the calibration text."""
        return calibration.collect(self.loaded, self._calibration[0])

    @cached_property
    def fisher_samples(self) -> calibration.Samples:
        """The same with Fisher weights; costs a backward pass."""
        return calibration.collect_with_fisher(self.loaded, self._calibration[0])

    @cached_property
    def weight_keys(self) -> dict[str, np.ndarray]:
        """Sort keys that need no data."""
        return calibration.weight_keys(self.loaded)

    @cached_property
    def data_keys(self) -> dict[str, np.ndarray]:
        """Sort keys measured on the calibration text."""
        return calibration.data_keys(self.samples.calls)

    def permutations(self, order: str) -> list[np.ndarray | None]:
        """A key permutation per layer; None where the order is the model's own."""
        info = self.loaded.info
        parsed = parse_order(order)
        if parsed.scope == "none":
            return [None] * info.layers
        keys: Mapping[str, np.ndarray]
        if parsed.key == "random":
            keys = {"random": np.empty((info.layers, info.kv_heads, info.head_dim))}
        else:
            keys = self.weight_keys if parsed.key.startswith("w-") else self.data_keys
        turned = rotary_channels(self.loaded.model)
        return [
            build_permutation(parsed, keys, layer, self.seed, turned)
            for layer in range(info.layers)
        ]

    def storage(
        self,
        policy: Policy,
        order: str = "none",
        *,
        sinks: int = 0,
        residual: int = 0,
        streaming: bool = False,
    ) -> Storage:
        """A cache of this model, formats fitted where they need it."""
        info = self.loaded.info
        policy.check(info.layers, info.kv_heads)
        layers = []
        for layer in range(info.layers):
            pairs = [policy.formats(layer, head) for head in range(info.kv_heads)]
            keys, values = zip(*pairs, strict=True)
            layers.append(LayerStorage(keys, values))
        storage = Storage(tuple(layers), info.head_dim, sinks, residual, streaming)
        check_shapes(storage, self.ids.shape[1])
        permutations = self.permutations(order)
        return self.fitted(with_order(storage, permutations), permutations)

    def fitted(self, storage: Storage, permutations: list[np.ndarray | None]) -> Storage:
        """Fit offline constants on the calibration text where a format has any."""
        wanted = {
            fmt
            for layer in storage.layers
            for fmt in (*layer.keys, *layer.values)
            if fmt.needs_calibration
        }
        if not wanted:
            return storage
        fisher = any(fmt.family == "nuq" for fmt in wanted)
        samples = self.fisher_samples if fisher else self.samples
        head_dim = self.loaded.info.head_dim
        return storage.refined(calibration.refiner(samples, permutations, head_dim))

    def notes(self) -> dict[str, object]:
        """What was read, as JSON."""
        used = {"samples", "fisher_samples"} & self.__dict__.keys()
        return {
            "model": self.loaded.info.as_note(),
            "text": self.text_name,
            "preparation": self.tokens.preparation,
            "unknown_tokens": self.tokens.unknown,
            "calibration": self._calibration[1] if used else "none was needed",
        }


def check_shapes(storage: Storage, tokens: int) -> None:
    """Raise BadInput("key_format" or "value_format") where a format does not suit the heads."""
    role: Role
    for role in ("key", "value"):
        for layer in storage.layers:
            for fmt, heads in layer.groups(role).items():
                shape = (tokens, len(heads) * storage.head_dim)
                try:
                    fmt.bits_per_value(shape, head_dim=storage.head_dim, role=role)
                except BadInput as error:
                    raise BadInput(f"{role}_format", f"{fmt.id}: {error.reason}") from None


def _read(text: str, context: Context) -> str:
    if text in SAMPLES:
        return read_text(sample_path(text))
    if text.startswith("input:"):
        return read_text(context.read_input(text))
    return read_text(text)
