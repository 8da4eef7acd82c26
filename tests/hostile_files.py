"""Files as an attacker brings them, of every kind that some reader of the lab opens."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np

MARKUP = "<img src=x onerror='window.__x=1'>[a](javascript:window.__x=1)"
# What a visitor calls a file: it would leave the folder, run, or end the line of a header.
NAMES = (
    f"{MARKUP}.txt",
    "../../../../engram-escaped.txt",
    "/engram-escaped.txt",
    "..\\..\\engram-escaped.txt",
    "nul\0byte.txt",
    "line\r\nX-Evil: 1.txt",
    "a" * 5000,
    "\ud800.txt",
)  # fmt: skip
ESCAPED = "engram-escaped"
MB = 1_000_000


def pickled(marker: Path) -> bytes:
    """A pickle (protocol 2) that writes ``marker`` when it is loaded: ``open(marker, "w")``."""
    arguments = b"".join(
        b"X" + struct.pack("<I", len(text)) + text for text in (str(marker).encode(), b"w")
    )
    return b"\x80\x02c__builtin__\nopen\n" + arguments + b"\x86R."


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A zip of ``members``, whatever their names."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


@cache
def deflated_zeros(count: int) -> bytes:
    """A gzip stream of ``count`` MB of zeros; its check sum is wrong, which only its end tells."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # A full flush ends each block with nothing remembered, so that blocks can be repeated.
    block = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + block * count + b"\x03\0" + bytes(8)


@cache
def _zip_bomb() -> bytes:
    return zipped(("bomb.md", bytes(100 * MB)))


def _npy(shape: str, dtype: str = "<f4", data: bytes = b"") -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def _npz(**arrays: np.ndarray) -> bytes:
    target = BytesIO()
    np.savez(target, **arrays)
    return target.getvalue()


def _png(side: int) -> bytes:
    """The beginning of a picture of so many pixels a side, and no pixel."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header
    return whole + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IEND\xaeB`\x82"


def _bvh(frames: str, values: str, seconds: str = "0.05") -> bytes:
    return (
        "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n"
        "End Site\n{\nOFFSET 0 1 0\n}\n}\nMOTION\n"
        f"Frames: {frames}\nFrame Time: {seconds}\n{values}\n"
    ).encode()


def _tensors(made: bytes) -> bytes:
    """A sound tensor file of NaN, whose notes hold ``made``."""
    notes = {"made": made.decode(), "format": "pt"}
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    header = json.dumps({"__metadata__": notes, "mask": entry}).encode()
    return struct.pack("<Q", len(header)) + header + np.full(2, np.nan, np.float32).tobytes()


def _lines(*rows: object) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def refused_everywhere(marker: Path) -> Mapping[str, bytes]:
    """Files that no reader may take; those that hold code would write ``marker``."""
    code = pickled(marker)
    return {
        "empty": b"",
        "blank": b" \r\n\t\n",
        "program": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8,
        "UTF-16": "Ada Marsh built the Heron Bridge.\n".encode("utf-16") * 40,
        "zip cut off": zipped(("a.md", b"Ada Marsh built the Heron Bridge. " * 99))[:120],
        "zip bomb": _zip_bomb(),
        "zip bomb that lies": _zip_bomb().replace(struct.pack("<I", 100 * MB), bytes([9, 0, 0, 0])),
        "gzip bomb": deflated_zeros(4000),
        "zip of paths": zipped(
            *((f"{name}.md", b"# Ada\n\nAda Marsh met Bo Lind.") for name in NAMES[1:4])
        ),
        "pickle": code,
        "pickle in a zip": zipped(("archive/data.pkl", code), ("archive/version", b"3")),
        "pickle in an array": zipped(("clip.npy", _npy("(1,)", "|O", code))),
        "pickle as an array": _npy("(1,)", "|O", code),
        "header of 4 GB": struct.pack("<Q", 1 << 32) + b"{}",
        "header of 900 kB": struct.pack("<Q", 900_000) + b"[" * 900_000,
        "array of 4 TB": _npy("(1000000, 1000000)"),
        "array of 4 TB in a zip": zipped(("positions.npy", _npy("(1000000, 1000000)"))),
        "picture of 10 gigapixels": _png(100_000),
        "pdf cut off": b"%PDF-1.7\n1 0 obj\n<< /Length 99999999999 >>\nstream\n\x00\x01",
        "database cut off": b"SQLite format 3\0" + bytes(200),
    }  # fmt: skip


def refused_or_read() -> Mapping[str, bytes]:
    """Files that some readers take for what they are, words or numbers, and others refuse."""
    nested = b"[" * 100_000
    return {
        "markup": f"{MARKUP}\n# {MARKUP}\nAda Marsh built the {MARKUP} Bridge.\n".encode() * 40,
        "markup in rows": _lines(
            *({"idx": row, "title": MARKUP, "text": f"Ada {MARKUP} met Bo Lind.",
               "question": MARKUP, "gold": [0]} for row in range(9))
        ),
        "Latin-1": "Zoë met José at the café.\n".encode("latin-1") * 40,
        "one line of 1 MB": b"ada " * 250_000,
        "nested JSON": nested,
        "nested JSON in a field": b'{"text": ' + nested,
        "NaN": b'{"idx": NaN, "title": "a", "text": "b", "gold": [NaN], "n_layer": NaN}\n' * 3,
        "numbers of 5,000 digits": b'{"idx": ' + b"9" * 5000 + b', "text": "b", "n_layer": 1}\n',
        "infinite numbers": b'{"n_layer": 1e999, "n_embd": -1e999, "n_head": 1e999}',
        "absurd numbers": b'{"model_type": "gpt2", "n_layer": 9223372036854775808, "n_embd": -1}',
        "null in every place": b'{"idx": null, "title": null, "text": null, "gold": null}\n',
        "lone surrogates": b'{"idx": 0, "title": "\\ud800", "text": "Ada \\udfff met Bo Lind."}\n',
        "table of NaN": b"t_s,gpu_util_pct,dir,model,step_ms\nnan,nan,nan,nan,nan\ninf,-inf,,,\n",
        "table of 20,000 columns": b",".join([b"a"] * 20_000) + b"\n" + b",".join([b"1"] * 20_000),
        "entities of XML": b'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 10) for c in range(97, 107))
        + b']><graphml><graph edgedefault="directed"><node id="&k;"/></graph></graphml>',
        "file from XML": b'<!DOCTYPE g [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        b'<graphml><graph edgedefault="directed"><node id="&a;"/></graph></graphml>',
        "aliases of YAML": b"---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n---\nwords\n",
        "motion of NaN": _bvh("2", "nan nan nan\ninf 0 0"),
        "motion of 10^9 frames": _bvh("999999999", "0 0 0"),
        "motion of -1 frames": _bvh("-1", "0 0 0"),
        "motion of frames of 10^9 s": _bvh("4", "0 0 0\n" * 4, "1e9"),
        "motion of frames of no time": _bvh("4", "0 0 0\n" * 4, "nan"),
        "motion of 5,000 joints": b"HIERARCHY\nROOT a\n{\n"
        + b"OFFSET 0 0 0\nJOINT b\n{\n" * 5000,
        "arrays of NaN": _npz(
            positions=np.full((40, 22, 3), np.nan, np.float32),
            vectors=np.full((9, 8), np.nan, np.float32),
            fps=np.array(np.nan),
        ),
        "arrays of nothing": _npz(positions=np.zeros((0, 22, 3)), vectors=np.zeros((0, 0))),
        "tensors of NaN": _tensors(b"{}"),
        "tensors with nested notes": _tensors(nested),
        "trace of absurd rows": b"AiM WR_SBK 99999999999999999999 -1 nan\n0xZZ READ -5\n" * 9,
    }  # fmt: skip
