"""Reading a .npy file from somebody else: the header is checked before any data is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from engine.core import BadInput
from engine.io.paths import local_path

FLOATS = ("float16", "float32", "float64")
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
MAX_BYTES = 1 << 30
MAX_AXES = 8
MAX_HEADER = 10_000


def load_npy(
    source: str | os.PathLike[str],
    *,
    field: str = "input",
    max_bytes: int = MAX_BYTES,
    finite: bool = True,
    dtypes: Sequence[str] = FLOATS,
) -> np.ndarray:
    """An array of one to eight axes, of a type in ``dtypes``, in C order and native byte order.

    Raises BadInput(field, one sentence) for a missing, foreign, truncated, oversized, pickled or
    empty file, one of another type and, unless ``finite`` is off, for NaN and infinity.
    """
    path = local_path(os.fspath(source), field=field)
    if not path.is_file():
        raise BadInput(field, f"there is no file {path.name!r}")
    try:
        with path.open("rb") as file:
            return read_npy(
                file,
                path.stat().st_size,
                field=field,
                max_bytes=max_bytes,
                finite=finite,
                dtypes=dtypes,
            )
    except OSError as error:
        raise BadInput(field, f"{path.name!r} cannot be read ({error.strerror})") from None


def read_npy(
    file: BinaryIO,
    size: int,
    *,
    field: str,
    max_bytes: int = MAX_BYTES,
    finite: bool = True,
    dtypes: Sequence[str] = FLOATS,
    least_axes: int = 1,
) -> np.ndarray:
    """The array of an open .npy file of ``size`` bytes, of one of the numpy types ``dtypes``.

    It has ``least_axes`` to eight axes. Raises BadInput as ``load_npy`` does.
    """
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
        raise BadInput(field, "holds Python objects; only arrays of numbers are read")
    if dtype.newbyteorder("=").name not in dtypes or dtype.fields is not None:
        raise BadInput(field, f"must hold {', '.join(dtypes)}, not {dtype}")
    if not least_axes <= len(shape) <= MAX_AXES:
        raise BadInput(field, f"must have {least_axes} to {MAX_AXES} axes, not {len(shape)}")
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
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadInput(field, "holds NaN or infinity; every value must be finite")
    return array
