"""One growing tensor of a cache: exact sinks, coded tokens, an exact tail.

Layout: ``b t w`` with batch, token and channel; the channels are those of all KV heads of one
layer, or of the heads that share a format.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.kv_cache.formats import Encoded, Format, Role
from engine.labs.kv_cache.formats.base import Scope


@dataclass(frozen=True)
class CacheBytes:
    """Stored bytes by what they are, and what fp16 would take for the same tokens."""

    codes: int = 0
    scales: int = 0
    exact: int = 0
    fp16: int = 0

    def __add__(self, other: CacheBytes) -> CacheBytes:
        return CacheBytes(
            self.codes + other.codes,
            self.scales + other.scales,
            self.exact + other.exact,
            self.fp16 + other.fp16,
        )

    @property
    def total(self) -> int:
        """Everything that is stored."""
        return self.codes + self.scales + self.exact


class TokenStore:
    """Keeps tokens in ``form``; codes are made once, when a token group leaves the exact tail.

    ``fit`` takes constants that a format normally gets offline (FP8 and NVFP4 tensor scales) from
    the first tokens that are coded, and freezes them, as serving engines do without calibration.

    Tokens that will wait in the exact tail are rounded to ``exact`` as they arrive, so the codes do
    not depend on how many tokens come at once.
    """

    def __init__(
        self,
        form: Format,
        role: Role,
        head_dim: int,
        *,
        sinks: int = 0,
        residual: int = 0,
        exact: torch.dtype = torch.float16,
        fit: bool = True,
    ):
        self.role, self.head_dim, self.exact = role, head_dim, exact
        if form.family == "float":
            # A float format is as exact as the windows would be.
            sinks = residual = 0
            self.exact = torch.float32 if form.id.startswith("fp32") else exact
        self.sinks, self.residual = max(sinks, form.sink), residual
        self.fit = fit and form.needs_calibration
        # The windows are kept here; what remains codes every token that it is given.
        self.form = replace(form, sink=0)
        self.bare = replace(form, sink=0, window=None)
        self.waits = bool(residual or form.window) or form.codec.token_group(role) > 1
        self.clear()

    def clear(self) -> None:
        """Forget every token; fitted constants stay."""
        self.sink: Tensor | None = None
        self.planes: dict[str, Tensor] = {}
        self.tail: Tensor | None = None
        self.coded = 0
        self.width = 0

    @property
    def tokens(self) -> int:
        """Tokens held."""
        return _length(self.sink) + self.coded + _length(self.tail)

    @property
    def rows(self) -> int:
        """Rows of the batch, 0 while empty."""
        held = (self.sink, self.planes.get("codes"), self.tail)
        return next((len(part) for part in held if part is not None), 0)

    def append(self, x: Tensor) -> int:
        """Take ``x: b t w``; returns how many tokens became codes by it."""
        x = x.detach().float()
        self.width = x.shape[-1]
        missing = self.sinks - _length(self.sink)
        if missing > 0:
            self.sink = _joined(self.sink, x[:, :missing].to(self.exact))
            x = x[:, missing:]
        if not x.shape[1]:
            return 0
        if self.waits:
            x = x.to(self.exact)
        self.tail = _joined(self.tail, x)
        ready = self.coded + self.tail.shape[1] - self.residual
        fresh = self.form.quantized_tokens(max(ready, 0), self.role) - self.coded
        if fresh > 0:
            self._code(self.tail[:, :fresh].float())
            self.tail = self.tail[:, fresh:].clone() if fresh < self.tail.shape[1] else None
        return max(fresh, 0)

    def read(self) -> Tensor:
        """Every token as attention reads it, ``b t w`` float32."""
        parts = [
            part.float() for part in (self.sink, self._decoded(), self.tail) if part is not None
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def replace_all(self, x: Tensor) -> None:
        """Forget everything and code all of ``x: b t w``, windows or not."""
        self.clear()
        self.width = x.shape[-1]
        self._code(x.detach().float())

    def keep_exact(self, x: Tensor) -> None:
        """Take ``x: b t w`` into the tail without coding anything."""
        self.width = x.shape[-1]
        self.tail = _joined(self.tail, x.detach().to(self.exact))

    def fork(self) -> TokenStore:
        """A copy that can grow on its own; tensors are shared until one of them changes."""
        twin = copy(self)
        twin.planes = dict(self.planes)
        return twin

    def select(self, rows: Tensor) -> None:
        """Re-order, repeat or drop members of the batch; exact, since no code spans two of them."""
        for name, plane in self.planes.items():
            self.planes[name] = plane.index_select(0, rows.to(plane.device))
        if self.sink is not None:
            self.sink = self.sink.index_select(0, rows.to(self.sink.device))
        if self.tail is not None:
            self.tail = self.tail.index_select(0, rows.to(self.tail.device))

    def check_crop(self, tokens: int) -> None:
        """Raise ValueError where ``crop`` would cut a coded group: its exact values are gone."""
        first = _length(self.sink)
        group = self.form.codec.token_group(self.role)
        over = (tokens - first) % group
        if first < tokens < first + self.coded and over:
            raise ValueError(
                f"cannot keep {tokens} tokens: {group} tokens are coded together and their exact "
                f"values are gone; {tokens - over} can be kept"
            )

    def crop(self, tokens: int) -> None:
        """Keep the first ``tokens``; call ``check_crop`` before."""
        first = _length(self.sink)
        if tokens < first:
            assert self.sink is not None
            sink = self.sink[:, :tokens].clone() if tokens else None
            self.clear()
            self.sink = sink
            return
        if tokens < first + self.coded:
            kept = tokens - first
            self.tail = None
            rows = self._rows(kept) if kept else {}
            self.planes = {
                name: self.planes[name][:, :count].clone() for name, count in rows.items()
            }
            self.coded = kept
        else:
            kept = tokens - first - self.coded
            self.tail = self.tail[:, :kept].clone() if self.tail is not None and kept else None

    def bytes(self) -> CacheBytes:
        """What is stored now."""
        exact = _bytes(self.sink) + _bytes(self.tail)
        codes = _bytes(self.planes.get("codes"))
        scales = sum(_bytes(plane) for name, plane in self.planes.items() if name != "codes")
        return CacheBytes(codes, scales, exact, 2 * self.rows * self.tokens * self.width)

    def _code(self, x: Tensor) -> None:
        if self.fit:
            self.bare = self.bare.calibrated(x, head_dim=self._head_dim, role=self.role)
            self.fit = False
        planes = self.bare.encode(x, head_dim=self._head_dim, role=self.role).planes
        if self.planes:
            grows = self._grows(x.shape[1])
            for name, plane in planes.items():
                if grows[name]:
                    self.planes[name] = torch.cat((self.planes[name], plane), dim=-2)
                elif not torch.equal(self.planes[name], plane):
                    raise BadInput(
                        "format",
                        f"{self.bare.id} must be calibrated before a cache can grow with it",
                    )
        else:
            self.planes = dict(planes)
        self.coded += x.shape[1]

    def _decoded(self) -> Tensor | None:
        if not self.coded:
            return None
        shape = (self.rows, self.coded, self.width)
        encoded = Encoded(self.planes, shape, "float32", self._head_dim, self.role, self.bare.id)
        return self.bare.decode(encoded)

    @property
    def _head_dim(self) -> int:
        return min(self.head_dim, self.width)

    def _rows(self, tokens: int) -> dict[str, int]:
        scope = Scope(tokens, self.width, self._head_dim, self.role)
        return {name: rows for name, (rows, _, _) in self.bare.codec.plane_bits(scope).items()}

    def _grows(self, tokens: int) -> dict[str, bool]:
        """Which planes get rows for every token; the others are constants of the whole tensor."""
        once, twice = self._rows(tokens), self._rows(2 * tokens)
        return {name: twice[name] > once[name] for name in once}


def _joined(before: Tensor | None, after: Tensor) -> Tensor:
    return after.clone() if before is None else torch.cat((before, after), dim=1)


def _length(x: Tensor | None) -> int:
    return 0 if x is None else x.shape[1]


def _bytes(x: Tensor | None) -> int:
    return 0 if x is None else x.numel() * x.element_size()
