"""The C kernel: built on demand by the machine's own compiler, tried out, and kept by its hash.

Whatever goes wrong (no compiler, a folder that cannot be written, a kernel that fails its trial)
is written to the log once, and the caller takes another back end. Nothing is fetched from a
network. ``ENGRAM_NO_CC=1`` leaves it all off.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from engine.core.errors import EngramError
from engine.core.settings import home_folder

SOURCE = Path(__file__).with_name("scan.c")
COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-O3", "-std=c11", "-fPIC", "-shared", "-ffp-contract=fast")
# Vectors as wide as this machine has them; a compiler that refuses the flag does without.
NATIVE = ("-march=native", "-mcpu=native")
DEFINES = {torch.float32: (), torch.float64: ("-DDOUBLE",)}
SECONDS = 120
log = logging.getLogger(__name__)


class NoKernel(EngramError):
    """There is no kernel here; the sentence says why."""


@cache
def load_kernel(dtype: torch.dtype) -> ctypes.CDLL | None:
    """The kernel for ``dtype``, built, tried and remembered; None where there is none.

    The first call may take seconds: call it before a first figure is waited for.
    """
    from engine.models.ssm.trial import try_kernel

    try:
        if os.environ.get("ENGRAM_NO_CC", "").strip() not in ("", "0"):
            raise NoKernel("ENGRAM_NO_CC is set")
        kernel = open_kernel(build_kernel(dtype, home_folder() / "kernels"))
        try_kernel(kernel, dtype)
    except (NoKernel, OSError) as error:
        log.info("the scan's C kernel is not used for %s: %s", dtype, error)
        return None
    return kernel


def build_kernel(dtype: torch.dtype, folder: Path) -> Path:
    """The shared library for ``dtype`` in ``folder``, compiled if it is not there.

    Its name holds a hash of the source, the flags, the compiler and the processor, so that
    another of them makes another file. Raises NoKernel or OSError.
    """
    if dtype not in DEFINES:
        raise NoKernel(f"it computes in float32 and float64, not in {dtype}")
    compiler = find_compiler()
    source = SOURCE.read_bytes()
    parts = (*FLAGS, *DEFINES[dtype], compiler, _version(compiler), _processor())
    name = hashlib.sha256(source + "\0".join(parts).encode()).hexdigest()[:32]
    target = folder / f"scan-{name}.so"
    if target.is_file():
        return target
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as place:
        made = Path(place) / target.name
        reasons = [
            _compile([compiler, *FLAGS, *native, *DEFINES[dtype]], made)
            for native in ((flag,) for flag in NATIVE)
            if not made.is_file()
        ]
        if not made.is_file():
            reasons.append(_compile([compiler, *FLAGS, *DEFINES[dtype]], made))
        if not made.is_file():
            raise NoKernel(f"{compiler} failed ({reasons[-1][:200]})")
        # Processes that build at the same time each put a whole file in place.
        made.replace(target)
    return target


def open_kernel(path: Path) -> ctypes.CDLL:
    """The library with the types of its functions; raises OSError where it cannot be loaded."""
    kernel = ctypes.CDLL(str(path))
    whole, place = ctypes.c_int64, ctypes.c_void_p
    kernel.scan_forward.argtypes = [whole] * 5 + [place] * 9
    kernel.scan_backward.argtypes = [whole] * 6 + [place] * 14
    return kernel


def find_compiler() -> str:
    """The full path of ``$CC``, cc, gcc or clang, the first that there is; raises NoKernel."""
    chosen = os.environ.get("CC", "").strip()
    for name in (chosen,) if chosen else COMPILERS:
        if found := shutil.which(name):
            return found
    raise NoKernel(f"there is no C compiler ({chosen or ', '.join(COMPILERS)})")


def _compile(command: list[str], target: Path) -> str:
    """Run the compiler; its complaint, empty when it succeeded."""
    try:
        done = subprocess.run(
            [*command, str(SOURCE), "-o", str(target)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"no result after {SECONDS} seconds"
    if done.returncode == 0:
        return ""
    target.unlink(missing_ok=True)
    return " ".join(done.stderr.split()) or f"exit code {done.returncode}"


def _version(compiler: str) -> str:
    try:
        done = subprocess.run(
            [compiler, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoKernel(f"{compiler} does not start ({error})") from None
    return done.stdout.decode(errors="replace")


def _processor() -> str:
    """What the processor can do: a home that two machines share must not mix their kernels."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    lines = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    return f"{platform.machine()} {next(lines, '')}"
