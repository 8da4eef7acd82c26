"""Which codec each family's id stands for, and the options it takes."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.core import BadInput
from engine.labs.kv_cache.formats import bfp, fp8, ggml, minifloat, mx, nvfp4
from engine.labs.kv_cache.formats.base import Codec
from engine.labs.kv_cache.formats.ggml import GgmlAffine, GgmlOffset, GgmlSymmetric
from engine.labs.kv_cache.formats.grouped import Grouped
from engine.labs.kv_cache.formats.hqq import Hqq
from engine.labs.kv_cache.formats.integers import IntAsym, IntSym
from engine.labs.kv_cache.formats.kivi import Kivi
from engine.labs.kv_cache.formats.nuq import Nuq
from engine.labs.kv_cache.formats.plain import Plain
from engine.labs.kv_cache.formats.turbo import Turbo

MINIFLOATS = {
    "e4m3": minifloat.E4M3,
    "e5m2": minifloat.E5M2,
    "e2m3": minifloat.E2M3,
    "e3m2": minifloat.E3M2,
}


class Options:
    """The words after a family name, taken one by one in canonical order."""

    def __init__(self, head: str, words: list[str]):
        self.head = head
        self.words = list(words)
        self.canonical: list[str] = []
        self.known: list[str] = []
        self.window: int | None = None
        if len(set(words)) < len(words):
            raise BadInput("format", f"{head} repeats an option")

    def flag(self, name: str, *, default: bool = False, show: bool = True) -> bool:
        """True if the word is there; canonical ids show it unless ``show`` is off."""
        self.known.append(name)
        found = name in self.words
        if found:
            self.words.remove(name)
        if (found or default) and show:
            self.canonical.append(name)
        return found or default

    def number(self, letter: str, low: int, high: int, default: int | None) -> int | None:
        """``letter`` followed by a whole number within [low, high]."""
        self.known.append(f"{letter}{low}..{letter}{high}")
        found = [w for w in self.words if re.fullmatch(rf"{letter}[0-9.-]*", w)]
        if len(found) > 1:
            raise BadInput("format", f"{self.head} repeats the option {letter}")
        value = default
        if found:
            digits = found[0][len(letter) :]
            self.words.remove(found[0])
            if not re.fullmatch(r"[1-9][0-9]{0,6}|0", digits) or not low <= int(digits) <= high:
                raise BadInput(
                    "format",
                    f"{found[0]!r} of {self.head} must be {letter} with a whole number from "
                    f"{low} to {high}",
                )
            value = int(digits)
        if value is not None:
            self.canonical.append(f"{letter}{value}")
        return value

    def percent(self, word: str, low: float, high: float) -> float:
        """``word`` followed by a percentage (at most two decimals); 0 where absent."""
        self.known.append(f"{word}{low:g}..{word}{high:g}")
        found = [w for w in self.words if w.startswith(word)]
        if not found:
            return 0.0
        digits = found[0].removeprefix(word)
        self.words.remove(found[0])
        valid = re.fullmatch(r"\d{1,2}(\.\d{1,2})?", digits)
        if not valid or not low <= float(digits) <= high:
            raise BadInput(
                "format",
                f"{found[0]!r} of {self.head} must be {word} with a percentage from {low:g} to "
                f"{high:g}",
            )
        self.canonical.append(f"{word}{float(digits):g}")
        return float(digits)

    def finish(self) -> None:
        """Raise BadInput for words nobody took."""
        if self.words:
            allowed = ", ".join(self.known) or "none"
            raise BadInput(
                "format",
                f"{self.head} has no option {self.words[0]!r} here; allowed: {allowed}",
            )


def _float(match: re.Match[str], options: Options) -> Codec:
    return Plain(match[0])  # type: ignore[arg-type]


def _bits(match: re.Match[str], low: int, high: int, allowed: tuple[int, ...] = ()) -> int:
    digits = match["n"]
    valid = len(digits) <= 2 and not digits.startswith("0") and low <= int(digits) <= high
    if not valid or (allowed and int(digits) not in allowed):
        choices = (
            ", ".join(map(str, allowed)) if allowed else f"a whole number from {low} to {high}"
        )
        raise BadInput("format", f"the number in {match[0]!r} must be {choices}")
    return int(digits)


def _bfp(match: re.Match[str], options: Options) -> Codec:
    bits = _bits(match, 10, 24) - 8
    size = options.number("b", 1, 4096, default=32)
    return Grouped(bfp.Bfp(bits, options.flag("asym")), "channels", size)


def _int(match: re.Match[str], options: Options) -> Codec:
    bits = _bits(match, 2, 8)
    by_channel = options.flag("channel")
    by_token = options.flag("token", default=not by_channel)
    if by_channel and by_token:
        raise BadInput("format", f"{options.head} takes either token or channel, not both")
    per_head = False if by_channel else options.flag("head")
    size = None
    if not per_head:
        size = options.number("g", 1, 4096, default=32 if by_channel else None)
    element = IntSym(bits) if options.flag("sym") else IntAsym(bits)
    return Grouped(element, "tokens" if by_channel else "channels", size, per_head)


def _mxint(match: re.Match[str], options: Options) -> Codec:
    return Grouped(bfp.Bfp(8), "channels", mx.BLOCK)


def _mxfp(match: re.Match[str], options: Options) -> Codec:
    return Grouped(mx.MxFloat(MINIFLOATS[match["grid"] or match["grid6"]]), "channels", mx.BLOCK)


def _mxfp4(match: re.Match[str], options: Options) -> Codec:
    return Grouped(mx.MxFloat(minifloat.E2M1), "channels", mx.BLOCK)


def _nvfp4(match: re.Match[str], options: Options) -> Codec:
    return nvfp4.Nvfp4()


def _fp8(match: re.Match[str], options: Options) -> Codec:
    tensor, head = options.flag("tensor"), options.flag("head")
    if tensor and head:
        raise BadInput("format", f"{options.head} takes either tensor or head, not both")
    scaling = "tensor" if tensor else "head" if head else "one"
    return fp8.Fp8(MINIFLOATS[match["grid"]], scaling)  # type: ignore[arg-type]


def _kivi(match: re.Match[str], options: Options) -> Codec:
    bits = _bits(match, 2, 4, (2, 4))
    group = options.number("g", 1, 4096, default=32)
    options.window = options.number("r", 1, 65536, default=128)
    assert group and options.window
    if options.window % group:
        raise BadInput(
            "format",
            f"r{options.window} of {options.head} must be a multiple of its group g{group}",
        )
    return Kivi(bits, group)


def _ggml(match: re.Match[str], options: Options) -> Codec:
    element = {
        "q4_0": GgmlOffset(4),
        "q5_0": GgmlOffset(5),
        "q4_1": GgmlAffine(4),
        "q5_1": GgmlAffine(5),
        "q8_0": GgmlSymmetric(),
    }[match[0]]
    return ggml.GgmlBlocks(element, "channels", ggml.BLOCK)


def _nuq(match: re.Match[str], options: Options) -> Codec:
    return Nuq(_bits(match, 2, 4), options.percent("sparse", 0.01, 10))


def _hqq(match: re.Match[str], options: Options) -> Codec:
    bits = _bits(match, 1, 8, (1, 2, 3, 4, 8))
    size = options.number("g", 8, 1024, default=64)
    rows = options.flag("axis1", show=False)
    along = "tokens" if options.flag("axis0") else "channels"
    if rows and along == "tokens":
        raise BadInput("format", f"{options.head} takes either axis0 or axis1, not both")
    return Grouped(Hqq(bits), along, size)  # type: ignore[arg-type]


def _turbo(match: re.Match[str], options: Options) -> Codec:
    return Turbo(_bits(match, 2, 4), options.flag("qjl"))


Builder = Callable[[re.Match[str], Options], Codec]

FAMILIES: tuple[tuple[str, str, Builder], ...] = (
    (r"fp32|fp16|bf16", "float", _float),
    (r"bfp(?P<n>\d+)", "bfp", _bfp),
    (r"int(?P<n>\d+)", "int", _int),
    (r"mxint8", "mx", _mxint),
    (r"mxfp8-(?P<grid>e4m3|e5m2)|mxfp6-(?P<grid6>e2m3|e3m2)", "mx", _mxfp),
    (r"mxfp4", "mx", _mxfp4),
    (r"nvfp4", "nvfp4", _nvfp4),
    (r"fp8-(?P<grid>e4m3|e5m2)", "fp8", _fp8),
    (r"kivi-(?P<n>\d+)", "kivi", _kivi),
    (r"nuq(?P<n>\d+)", "nuq", _nuq),
    (r"hqq(?P<n>\d+)", "hqq", _hqq),
    (r"turbo(?P<n>\d+)", "turbo", _turbo),
    (r"q4_0|q4_1|q5_0|q5_1|q8_0", "llama.cpp", _ggml),
)
