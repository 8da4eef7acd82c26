"""Which drawn grid belongs to a format: what the microscope can show."""

from __future__ import annotations

from engine.labs.kv_cache.formats import Format
from engine.labs.kv_cache.formats.bfp import Bfp
from engine.labs.kv_cache.formats.fp8 import Fp8
from engine.labs.kv_cache.formats.grouped import Grouped
from engine.labs.kv_cache.formats.integers import IntAsym, IntSym
from engine.labs.kv_cache.formats.mx import MxFloat
from pages.kit.components.microscope import Grid


def grid_of(format: Format) -> Grid | None:
    """The grid of a format whose blocks share one scale, or None for the others."""
    codec = format.codec
    if isinstance(codec, Fp8) and codec.scaling == "one":
        codes = tuple(float(code) for code in codec.grid.grid)
        return Grid(codec.grid.name, codes, "fixed", 8, 0)
    if not isinstance(codec, Grouped):
        return None
    element = codec.element
    if isinstance(element, Bfp) and not element.asym and element.code_bits <= 12:
        return Grid.bfp(element.code_bits)
    if isinstance(element, MxFloat):
        codes = [float(code) for code in element.grid.grid if code >= 0]
        return Grid.minifloat(element.grid.name, codes, element.grid.emax, element.grid.bits)
    if isinstance(element, IntSym | IntAsym):
        return Grid.integer(element.code_bits, symmetric=isinstance(element, IntSym))
    return None
