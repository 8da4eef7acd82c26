"""The block microscope: numbers under a shared scale, and a stem that can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st

from engine.core import BadInput
from engine.figures.palette import Palette
from pages.kit.components.sync import reconcile, report

MAX_VALUES = 256
MAX_CODES = 4096

_HERE = Path(__file__).parent
_SCRIPTS = ("quantise.js", "paint.js", "view.js")
_component = st.components.v2.component(
    "engram_microscope",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js="\n".join((_HERE / name).read_text("utf-8") for name in _SCRIPTS),
)

Scaling = Literal["power of two", "largest", "range", "fixed"]


@dataclass(frozen=True)
class Grid:
    """What a block format can store: rising code values, and how a block finds its scale.

    A number is stored as ``codes[i] * scale + offset``. ``scaling`` says how the scale comes about:
    "power of two" 2^(floor(log2 max|x|) - emax) as in BFP and MX; "largest" max|x| / max(codes);
    "range" (max - min) / (number of codes - 1) with the minimum as offset; "fixed" ``scale``.
    ``half_scale``: scale and offset are rounded to half precision before codes are computed.
    """

    name: str
    codes: tuple[float, ...]
    scaling: Scaling
    code_bits: float
    scale_bits: float
    emax: int = 0
    scale: float = 1.0
    exponents: tuple[int, int] = (-126, 127)
    n: int | None = None
    half_scale: bool = False

    def __post_init__(self) -> None:
        codes = np.asarray(self.codes, float)
        if not 2 <= codes.size <= MAX_CODES or not np.isfinite(codes).all():
            raise BadInput("codes", f"must be 2 to {MAX_CODES} finite numbers")
        if (np.diff(codes) <= 0).any():
            raise BadInput("codes", "must rise from one to the next")
        if not self.scale > 0:
            raise BadInput("scale", f"must be positive, not {self.scale:g}")

    @staticmethod
    def bfp(n: int) -> Grid:
        """Block floating point with n-bit signed elements and a shared 8-bit exponent.

        Step 2^(e + 2 - n), codes -M..M with M = 2^(n-1) - 1 (d-Matrix dmx-compressor, BFP[n|8]SN).
        """
        if not 2 <= n <= 12:
            raise BadInput("n", f"must be between 2 and 12 bits, not {n}")
        most = 2 ** (n - 1) - 1
        return Grid(
            f"BFP{n + 8}", tuple(range(-most, most + 1)), "power of two", n, 8, emax=n - 2, n=n
        )

    @staticmethod
    def minifloat(name: str, codes: Sequence[float], emax: int, code_bits: int) -> Grid:
        """An MX element format: its non-negative or full code values and its largest exponent."""
        full = sorted({*map(float, codes), *(-float(code) for code in codes)})
        # MX stores the scale, not the exponent of the largest value, within -127..127.
        limits = (emax - 127, emax + 127)
        return Grid(name, tuple(full), "power of two", code_bits, 8, emax=emax, exponents=limits)

    @staticmethod
    def integer(bits: int, *, symmetric: bool) -> Grid:
        """Integers with a half-precision scale (symmetric) or scale and minimum (asymmetric)."""
        if not 2 <= bits <= 8:
            raise BadInput("bits", f"must be between 2 and 8, not {bits}")
        if symmetric:
            most = 2 ** (bits - 1) - 1
            codes = tuple(float(code) for code in range(-most, most + 1))
            return Grid(f"int{bits} symmetric", codes, "largest", bits, 16, half_scale=True)
        return Grid(
            f"int{bits} asymmetric",
            tuple(float(code) for code in range(2**bits)),
            "range",
            bits,
            32,
            half_scale=True,
        )


@dataclass(frozen=True)
class Block:
    """What the microscope shows: the values in their natural order, and whether it sorts them."""

    values: tuple[float, ...]
    sorted: bool = False


def microscope(
    block: Block | Sequence[float],
    *,
    key: str,
    palette: Palette,
    grid: Grid,
    size: int | None = None,
    title: str,
    position_title: str = "Channel",
    value_title: str = "Value",
    unit: str = "1",
    labels: Sequence[str] | None = None,
    limit: float | None = None,
    on_change: Callable[[Block], None] | None = None,
    height: int = 320,
) -> Block:
    """Show values [n] on the grid of a format, let one be dragged, and return what holds now.

    Neighbours share a scale in blocks of ``size`` (all of them when None); "sorted" puts the
    values in order of falling magnitude before blocks are cut. ``limit`` is the largest magnitude
    a stem can be dragged to (default: the power of two next above 1.15 max|x|). The browser
    recomputes while a stem moves; when it is let go, ``on_change`` is called and the page runs.

    Raises BadInput unless there are 1 to 256 finite values.
    """
    given = block if isinstance(block, Block) else Block(tuple(map(float, block)))
    values = np.asarray(given.values, float)
    if values.ndim != 1 or not 1 <= values.size <= MAX_VALUES or not np.isfinite(values).all():
        raise BadInput("values", f"must be 1 to {MAX_VALUES} finite numbers")
    size = values.size if size is None else size
    if size < 1:
        raise BadInput("size", f"must be at least 1, not {size}")
    if labels is not None and len(labels) != values.size:
        raise BadInput("labels", f"needs {values.size} labels, not {len(labels)}")
    now, pushed = reconcile(key, "block", _as_dict(given))
    most = max(float(np.abs(now["values"]).max()), float(np.abs(values).max()))
    data = {
        "id": key,
        "title": title,
        "grid": asdict(grid),
        "size": size,
        "position_title": position_title,
        "value_title": value_title,
        "unit": "" if unit == "1" else unit,
        "labels": None if labels is None else [str(label) for label in labels],
        "limit": limit or float(2.0 ** np.ceil(np.log2(1.15 * most)) if most else 1.0),
        "pushed": pushed,
        "height": height,
        "theme": {
            **{
                name: getattr(palette, name)
                for name in ("ink", "muted", "grid", "paper", "panel", "accent")
            },
            "kept": palette.category(0),
            "step": palette.category(2),
            "exponent": palette.category(3),
            "lost": palette.bad.colour,
            "clipped": palette.warn.colour,
        },
    }

    def changed() -> None:
        fresh = report(key, "block")
        if on_change is not None and fresh is not None:
            on_change(_block(fresh["value"]))

    _component(key=key, data=data, on_block_change=changed)
    return _block(now)


def _as_dict(block: Block) -> dict[str, object]:
    return {"values": [float(value) for value in block.values], "sorted": bool(block.sorted)}


def _block(value: dict[str, object]) -> Block:
    return Block(tuple(map(float, value["values"])), bool(value["sorted"]))
