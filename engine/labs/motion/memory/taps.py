"""What the scans and attention layers of a network are given at one call of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from engine.labs.motion.memory.readers import Reader


@dataclass(frozen=True, eq=False)
class Heard:
    """Inputs ``x`` and outputs ``y`` (length, width) of the first sequence of a batch.

    ``hold`` (length,) marks the tokens of a scan that only read.
    """

    x: Tensor
    y: Tensor
    hold: Tensor | None


@contextmanager
def recording(
    network: nn.Module, readers: Sequence[Reader], call: int
) -> Iterator[dict[str, Heard]]:
    """Within it, the call number ``call`` (from 0) of ``network`` leaves what each reader heard.

    By path. The first sequence of a sampler's batch is the one with its caption.
    """
    heard: dict[str, Heard] = {}
    calls = -1

    def begin(module: nn.Module, given: Any) -> None:
        nonlocal calls
        calls += 1

    def listen(reader: Reader) -> Any:
        def keep(module: nn.Module, given: tuple[Any, ...], named: Any, made: Any) -> None:
            if calls == call:
                x, _, hold, *_ = (*given, None, None)
                y = made[0] if isinstance(made, tuple) else made
                held = None if hold is None else hold[0]
                heard[reader.path] = Heard(x[0], y[0], held)

        return keep

    hooks = [network.register_forward_pre_hook(begin)]
    hooks += [
        reader.module.register_forward_hook(listen(reader), with_kwargs=True) for reader in readers
    ]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()
