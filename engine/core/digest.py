"""The address of a result: sha256 of lab, experiment, version and canonical config."""

from __future__ import annotations

import hashlib
import re

from engine.core.config import Config

DIGEST = re.compile(r"[0-9a-f]{16}")


def digest(lab: str, experiment: str, version: int, config: Config) -> str:
    """16 hexadecimal digits; equal configs of one experiment version have equal digests."""
    text = f"{lab}\n{experiment}\n{version}\n{config.canonical_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_bytes(data: bytes) -> str:
    """16 hexadecimal digits of sha256: the address of an input that a visitor brought."""
    return hashlib.sha256(data).hexdigest()[:16]


def is_digest(text: str) -> bool:
    """True for exactly 16 lower-case hexadecimal digits."""
    return DIGEST.fullmatch(text) is not None
