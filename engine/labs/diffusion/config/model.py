"""The pipeline that an experiment opens, and the prompts that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.model_folder import fingerprint
from engine.io.model_id import check_model_id
from engine.io.paths import local_path, read_file
from engine.io.pipeline_folder import check_pipeline_folder, index_mark
from engine.io.shelf import is_offered
from engine.labs.diffusion.names import DEFAULT, EMBEDDED, SETS

UPLOAD = "input:"
PARTS = ("unet", "text_encoder", "scheduler", "tokenizer", "vae")
# Eight digits for the index and for each part of a pipeline; a folder's name may hold an @, too.
_GROUNDED = re.compile(r"@([0-9a-f]{8}){0,6}$")
_ADDRESS = re.compile(r"input:[0-9a-f]{16}")
PROMPT_BYTES = 1_000_000
_CHOICES = "engine.labs.diffusion.choices"


def _set_list(text: str) -> str:
    names = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in SETS]
    if not names or unknown:
        raise ValueError(f"must be names of sets, separated by commas: {', '.join(SETS)}")
    return ",".join(dict.fromkeys(names))


SetList = Annotated[str, AfterValidator(_set_list)]
"""Names of prompt sets, separated by commas, none twice."""


def prompts_field(default: str, title: str, note: str = "") -> Any:
    """A set by its name, or a visitor's own prompts, one a line."""
    return Field(
        default,
        title=title,
        min_length=1,
        max_length=1024,
        json_schema_extra={
            "widget": "source",
            "options": f"{_CHOICES}:sets",
            "paste": True,
            "upload_mb": 1,
            "prompts": True,
            "help": note or "a set of the embedded model, or prompts of your own, one a line",
        },
    )


class Modelled(Config):
    """A text-to-image pipeline, and prompts in the fields made by ``prompts_field``."""

    model: str = Field(
        DEFAULT,
        title="Model",
        min_length=1,
        max_length=1024,
        json_schema_extra={
            "widget": "combo",
            "options": f"{_CHOICES}:models",
            "help": "default; twin: trained on every picture once; fast: a smaller one; a local "
            "pipeline folder, or a hub id where downloads are allowed",
        },
    )

    def admit(self, *, local: bool) -> None:
        """Sets, uploads, embedded models, hub ids and the shelf; elsewhere only locally."""
        for name, value in self._prompts().items():
            if not (value in SETS or _ADDRESS.fullmatch(value)):
                raise BadInput(name, f"must be one of {', '.join(SETS)} or prompts of your own")
        named = model_folder(self.model)
        if named in EMBEDDED and named != self.model:
            raise BadInput("model", f"must be one of {', '.join(EMBEDDED)}, a folder, or a hub id")
        if named in EMBEDDED or local:
            return
        if not is_offered(self.model, named):
            raise BadInput(
                "model",
                f"must be one of {', '.join(EMBEDDED)}, a hub id, or a folder that this server "
                "offers: folders elsewhere are open to local visitors only",
            )

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A folder gets the fingerprint of its files, a file of prompts its content's address."""
        changes: dict[str, str] = {}
        if self.model not in EMBEDDED:
            named = model_folder(self.model)
            folder = local_path(named, field="model")
            if folder.is_dir():
                # Anew even where a link brings a fingerprint: the files may be others by now.
                resolved = folder.resolve()
                marks = [fingerprint(resolved / p)[:8] for p in PARTS if (resolved / p).is_dir()]
                changes["model"] = f"{resolved}@{''.join([index_mark(resolved), *marks])}"
            else:
                check_model_id(named)
        for name, value in self._prompts().items():
            if value in SETS or value.startswith(UPLOAD):
                continue
            path = local_path(value, field=name)
            if not path.is_file():
                raise BadInput(
                    name, f"{value[:80]!r} is neither a file nor one of {', '.join(SETS)}"
                )
            changes[name] = put(read_file(path, field=name, limit=PROMPT_BYTES), path.name)
        return self.model_copy(update=changes) if changes else self

    def fits(self, read: Callable[[str], bytes]) -> None:
        """A folder must be a pipeline, and prompts readable, before a run is offered."""
        from engine.labs.diffusion.prompt_files import read_prompts

        if self.model not in EMBEDDED:
            folder = local_path(model_folder(self.model), field="model")
            if folder.is_dir():
                check_pipeline_folder(folder)
        for name, value in self._prompts().items():
            if value.startswith(UPLOAD):
                read_prompts(read(value), name)

    def _prompts(self) -> Mapping[str, str]:
        """The fields that hold prompts, with their values."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("prompts")
        }


def model_folder(model: str) -> str:
    """What ``load_pipeline`` opens: a grounded model's folder without its fingerprint."""
    return _GROUNDED.sub("", model)
