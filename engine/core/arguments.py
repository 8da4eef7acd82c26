"""Command-line options whose mistakes are BadInput: one sentence, no usage text, no exit."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from engine.core.errors import BadInput


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
        """The first name of every option but help."""
        return [
            action.option_strings[0]
            for action in self._actions
            if action.option_strings and action.dest != "help"
        ]
