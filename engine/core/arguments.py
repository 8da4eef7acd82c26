"""Commands of a lab: options whose mistakes are BadInput (one sentence, no exit), own answers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from engine.core.errors import BadInput
from engine.core.result import Result


@dataclass(frozen=True)
class ExperimentCommand:
    """A lab's command that runs one of its experiments and tells the result in its own keys.

    Its options are the experiment's own, so that no second list of fields can differ from the
    config. ``tell`` makes the answer of the config as it was asked for and the result; ``read``
    turns what was typed for a field into the field's value (JSON that may come from a file).
    """

    experiment: str
    tell: Callable[[Any, Result], Mapping[str, Any]]
    read: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


class Arguments(argparse.ArgumentParser):
    """``argparse`` for experiments and lab commands; options are never abbreviated."""

    def __init__(self, prog: str, description: str = ""):
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise BadInput naming the option."""
        if match := re.fullmatch(r"argument ([^:/ ]+)[^:]*: (.*)", message, re.DOTALL):
            raise BadInput(match[1], match[2])
        if match := re.fullmatch(r"unrecognized arguments: (\S+).*", message, re.DOTALL):
            names = ", ".join(self.option_names())
            raise BadInput(match[1][:60], f"there is no such option; there are: {names}")
        raise BadInput("command line", message)

    def option_names(self) -> list[str]:
        """The first name of every option but help; of a switch, the one that turns it on."""
        names = [
            action.option_strings[0]
            for action in self._actions
            if action.option_strings and action.dest != "help"
        ]
        off = {name.replace("--", "--no-", 1) for name in names}
        return [name for name in names if name not in off]
