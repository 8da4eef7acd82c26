"""Format ids: colon-separated text that a URL, a command line and a table can share.

``family[:option]...[+suffix]...``, e.g. ``int4:token:head+hadamard``. Any quantised format takes
``:rR`` (the newest R tokens stay fp16) and ``:sS`` (the first S tokens stay fp16) as last options.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from engine.core import BadInput
from engine.labs.kv_cache.formats.base import Codec
from engine.labs.kv_cache.formats.families import FAMILIES, Options
from engine.labs.kv_cache.formats.format import Format

SUFFIXES = ("hadamard", "pre-rope")
WINDOW = ("r", 1, 65536)
SINK = ("s", 1, 65536)
MAX_LENGTH = 100


def _fail(reason: str) -> BadInput:
    return BadInput("format", reason)


def parse_format(text: str) -> Format:
    """The format called ``text``; raises BadInput("format", one sentence about the bad part)."""
    if not isinstance(text, str) or not text.strip():
        raise _fail("an id is required, for example bfp12:b32")
    return _parse(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Format:
    if len(text) > MAX_LENGTH:
        raise _fail(f"an id has at most {MAX_LENGTH} characters, not {len(text)}")
    text = text.strip().lower()
    if not re.fullmatch(r"[a-z0-9_.:+-]+", text):
        raise _fail(f"{text!r} may hold only letters, digits and _ . : + -")
    base, *suffixes = text.split("+")
    for suffix in suffixes:
        if suffix not in SUFFIXES:
            raise _fail(f"unknown suffix +{suffix}; there are +hadamard and +pre-rope")
    if len(set(suffixes)) < len(suffixes):
        raise _fail(f"{text!r} repeats a suffix")
    head, *words = base.split(":")
    for pattern, name, build in FAMILIES:
        match = re.fullmatch(pattern, head)
        if match:
            return _build(head, name, build, match, words, suffixes)
    known = "fp32, fp16, bf16, bfpN, intN, mx..., nvfp4, fp8-..., kivi-N, nuqN, qN_K, hqqN, turboN"
    raise _fail(f"unknown format {head!r}; the families are {known}")


def _build(
    head: str,
    family: str,
    build: Callable[[re.Match[str], Options], Codec],
    match: re.Match[str],
    words: list[str],
    suffixes: list[str],
) -> Format:
    options = Options(head, words)
    codec = build(match, options)
    window = sink = None
    if family != "float":
        window = options.window or options.number(*WINDOW, default=None)
        sink = options.number(*SINK, default=None)
    elif suffixes and "hadamard" in suffixes:
        raise _fail(f"{head} keeps every value as it is, so +hadamard does not apply")
    options.finish()
    parts = [head, *options.canonical]
    text = ":".join(parts) + "".join(f"+{s}" for s in SUFFIXES if s in suffixes)
    return Format(
        id=text,
        family=family,
        codec=codec,
        pre_rope="pre-rope" in suffixes,
        hadamard="hadamard" in suffixes,
        sink=sink or 0,
        window=window,
    )
