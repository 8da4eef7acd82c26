"""The door for paths that somebody typed."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

from engine.core.errors import BadInput
from engine.core.settings import MB


def local_path(text: Path | str, *, field: str) -> Path:
    """``text`` as a path with ``~`` resolved, whether or not something lies there.

    Raises BadInput for what no file here can be called (too long, a zero byte, an unknown user)
    or what may not be looked at: ``Path.is_file`` raises for those instead of answering.
    """
    try:
        path = Path(text).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(field, f"{str(text)[:80]!r} cannot be a path here ({reason})") from None
    return path


def output_path(text: Path | str, *, field: str = "out") -> Path:
    """``text`` as the path of a file that can be written; its folder is made.

    Raises BadInput, so that nobody computes for an hour what cannot be kept.
    """
    path = local_path(text, field=field)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if not path.is_file():
                raise BadInput(field, f"{path.name!r} cannot be written (it is not a file)")
            path.open("ab").close()
        else:
            path.open("xb").close()
            path.unlink()
    except OSError as error:
        raise BadInput(field, f"{path.name!r} cannot be written ({error.strerror})") from None
    return path


def read_file(path: Path, *, field: str, limit: int = 64 * MB) -> bytes:
    """The bytes of a regular file of at most ``limit``; raises BadInput."""
    try:
        state = path.stat()
        if not S_ISREG(state.st_mode):  # a pipe or a device could block for ever
            raise BadInput(field, f"{path.name!r} is not a file")
        if state.st_size > limit:
            size = state.st_size / MB
            raise BadInput(field, f"at most {limit / MB:g} MB are read, it has {size:.3g} MB")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise BadInput(field, f"{path.name!r} cannot be read ({error.strerror})") from None
    if len(data) > limit:  # files of the kernel tell no size, and others grow meanwhile
        raise BadInput(field, f"at most {limit / MB:g} MB are read")
    return data
