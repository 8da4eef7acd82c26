"""What a mask file says about itself, read without its tensors and without torch."""

from __future__ import annotations

import json

from engine.core.assets import ASSETS
from engine.core.errors import BadInput
from engine.io.safetensors_check import check_safetensors
from engine.labs.diffusion.names import EMBEDDED

FORMAT = "engram-diffusion-mask-1"


def check_mask_header(data: bytes, model: str, field: str = "mask") -> None:
    """Raise BadInput for bytes that are no mask, or the mask of another model.

    The hash of an embedded model stands in its card; that of another is known when it is opened.
    """
    check_safetensors(data, field=field, max_bytes=1e9)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    notes = header.get("__metadata__") or {}
    if notes.get("format") != FORMAT:
        raise BadInput(field, "not a mask of this lab; `locate` writes them")
    wanted = embedded_digest(model)
    if wanted and notes.get("model") != wanted:
        made = str(notes.get("model", "?"))[:16]
        raise BadInput(field, f"it was made for the model {made}, and this is {wanted}")


def embedded_digest(model: str) -> str | None:
    """The hash of an embedded model's weights by its card; None for others and without a card."""
    card = ASSETS / "models" / "diffusion" / EMBEDDED.get(model, "") / "card.json"
    if model not in EMBEDDED or not card.is_file():
        return None
    digest = json.loads(card.read_text(encoding="utf-8")).get("digest")
    return digest if isinstance(digest, str) else None
