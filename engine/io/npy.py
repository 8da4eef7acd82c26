"""Reading a .npy file from somebody else: the header is checked before any data is read."""

from __future__ import annotations

import os

import numpy as np

from engine.core import BadInput
from engine.io.paths import local_path

FLOATS = ("float16", "float32", "float64")
MAX_BYTES = 1 << 30
MAX_AXES = 8
MAX_HEADER = 10_000


def load_npy(
    source: str | os.PathLike[str],
    *,
    field: str = "input",
    max_bytes: int = MAX_BYTES,
    finite: bool = True,
) -> np.ndarray:
    """A float16, float32 or float64 array of one to eight axes, in C order and native byte order.

    Raises BadInput(field, one sentence) for a missing, foreign, truncated, oversized, pickled,
    non-float or empty file and, unless ``finite`` is off, for NaN and infinity.
    """
    path = local_path(os.fspath(source), field=field)
    if not path.is_file():
        raise BadInput(field, f"there is no file {path.name!r}")
    try:
        with path.open("rb") as file:
            return _read(file, field, path.stat().st_size, max_bytes, finite)
    except OSError as error:
        raise BadInput(field, f"{path.name!r} cannot be read ({error.strerror})") from None


def _read(file, field: str, size: int, max_bytes: int, finite: bool) -> np.ndarray:  # type: ignore[no-untyped-def]
    try:
        version = np.lib.format.read_magic(file)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise BadInput(field, f"is a .npy file of version {version}; 1.0 and 2.0 are read")
        shape, fortran, dtype = readers[version](file, max_header_size=MAX_HEADER)
    except BadInput:
        raise
    except Exception:
        # NumPy evaluates the header as a literal; whatever it stumbles over is a foreign file.
        raise BadInput(field, "is not a .npy file with a readable header") from None
    if dtype.hasobject:
        raise BadInput(field, "holds Python objects; only floating-point arrays are read")
    if dtype.newbyteorder("=").name not in FLOATS or dtype.fields is not None:
        raise BadInput(field, f"must hold {', '.join(FLOATS)}, not {dtype}")
    if not 1 <= len(shape) <= MAX_AXES:
        raise BadInput(field, f"must have 1 to {MAX_AXES} axes, not {len(shape)}")
    if any(length < 1 for length in shape):
        raise BadInput(field, f"must not be empty, but its shape is {shape}")
    count = 1
    for length in shape:
        count *= length
    wanted = count * dtype.itemsize
    if wanted > max_bytes:
        raise BadInput(field, f"declares {wanted:,} bytes; at most {max_bytes:,} are read")
    start = file.tell()
    if size - start != wanted:
        raise BadInput(
            field, f"declares {wanted:,} bytes of data but holds {max(0, size - start):,}"
        )
    data = file.read(wanted)
    if len(data) != wanted:
        raise BadInput(field, f"declares {wanted:,} bytes of data but holds {len(data):,}")
    array = np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")
    array = np.array(array, dtype=dtype.newbyteorder("="), order="C")
    if finite and not np.isfinite(array).all():
        raise BadInput(field, "holds NaN or infinity; every value must be finite")
    return array
