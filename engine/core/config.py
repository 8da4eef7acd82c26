"""One frozen definition per experiment: widgets, URL, command line, digest and job all read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from engine.core.errors import from_validation


class Config(BaseModel):
    """Base of every experiment's settings.

    A field carries its bounds, its ``title`` and, in ``json_schema_extra``, its ``unit`` (and
    ``widget`` where the type alone does not choose one). Configs are values: frozen, comparable,
    and equal configs have equal canonical JSON.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=()
    )

    @field_validator("*", mode="after")
    @classmethod
    def _one_zero(cls, value: Any) -> Any:
        # -0.0 == 0.0 must not give two digests.
        return 0.0 if isinstance(value, float) and value == 0.0 else value

    @classmethod
    def build(cls, values: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Validate ``values`` into a config; raises BadInput with one sentence."""
        try:
            return cls(**{**(values or {}), **more})
        except ValidationError as error:
            raise from_validation(error, cls) from None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The config that ``canonical_json`` wrote; raises BadInput."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise from_validation(error, cls) from None

    def canonical_json(self) -> str:
        """Sorted keys, no spaces: the text that is hashed, stored and sent to a job."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False
        )

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """Replace paths on this machine by addresses of their content (``put`` gives them).

        A digest must name what was read, not where it lay; configs that take files override this.
        """
        return self

    def admit(self, *, local: bool) -> None:
        """Raise BadInput where a visitor of a server may not use what the config names.

        ``local`` is True where the visitor owns the machine. Configs that take paths override this:
        a link must not make a server read any file of its machine.
        """

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Raise BadInput where what the config names holds too little for the run it asks for.

        Asked of a grounded config whose result is not there yet, before a run is offered, priced or
        queued; ``read`` gives the bytes of an "input:" address. It must be quick and load no torch.
        """

    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as JSON values (for links and code)."""
        defaults = {
            name: field.get_default(call_default_factory=True)
            for name, field in type(self).model_fields.items()
        }
        return {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if getattr(self, name) != defaults[name]
        }
