"""Taking a result along: arrays as npz, tables as CSV and Parquet, a folder for the shell."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core.errors import BadInput, LimitExceeded
from engine.core.result import Field, Result

if TYPE_CHECKING:
    import pandas as pd

TABLE_ROWS = 2_000_000


def to_npz(result: Result) -> bytes:
    """All fields as a compressed npz archive; member names are the field names, made safe."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {_member(name): field.array for name, field in result.fields.items()}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def field_table(field: Field, name: str = "value") -> pd.DataFrame:
    """A field in long form: one column of positions per axis, then its values.

    The last column is called "name [unit]". Raises LimitExceeded above two million rows.
    """
    import pandas as pd

    if field.array.size > TABLE_ROWS:
        raise LimitExceeded(
            f"{name} has {field.array.size} values, a table holds at most {TABLE_ROWS}; "
            "choose a part of it or take the npz file"
        )
    positions = np.indices(field.array.shape).reshape(field.array.ndim, field.array.size)
    columns = {axis: positions[index] for index, axis in enumerate(field.axes)}
    return pd.DataFrame({**columns, f"{name} [{field.unit}]": field.array.reshape(-1)})


def to_csv(table: pd.DataFrame) -> bytes:
    """A table as UTF-8 CSV; texts that a spreadsheet would run as formulas are quoted."""
    safe = table.rename(columns=_inert)
    for column in safe.columns:
        if safe[column].dtype.kind not in "fiubMm":
            safe[column] = safe[column].map(_inert)
    return safe.to_csv(index=False).encode()


def to_parquet(table: pd.DataFrame) -> bytes:
    """A table as Parquet (zstd)."""
    buffer = io.BytesIO()
    table.rename(columns=str).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def save_result(folder: Path, result: Result, manifest: Mapping[str, Any]) -> list[Path]:
    """Write ``result.npz``, ``metrics.json`` and ``manifest.json`` into ``folder``.

    Raises BadInput when the folder cannot be written.
    """
    texts = {
        "result.npz": to_npz(result),
        "metrics.json": _json(dict(result.metrics)),
        "manifest.json": _json(dict(manifest)),
    }
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in texts.items():
            path = folder / name
            temporary = folder / f".{name}.tmp"
            temporary.write_bytes(data)
            written.append(temporary.replace(path))
    except OSError as error:
        raise BadInput("out", f"{str(folder)!r} cannot be written ({error.strerror})") from None
    return written


def _member(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name) or "field"


def _inert(value: Any) -> Any:
    # https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _json(value: Any) -> bytes:
    return json.dumps(
        value, indent=1, ensure_ascii=False, default=lambda item: item.tolist()
    ).encode()
