"""Write the API reference of the engine from its docstrings: ``python .ci/docs.py FOLDER``.

Whatever pdoc warns of (an annotation that cannot be read, a module that cannot be imported) fails.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from dataclasses import is_dataclass
from importlib.util import find_spec
from inspect import isfunction
from pathlib import Path
from typing import get_type_hints

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import pdoc  # noqa: E402
import pdoc.render  # noqa: E402
from pdoc.extract import walk_specs  # noqa: E402
from pydantic import JsonValue  # noqa: E402

import engine  # noqa: E402

# Modules that only a machine with an accelerator can import, and what they need.
NEEDS = {"engine.models.ssm.fused_kernels": "triton"}


def modules() -> list[str]:
    """Every module of the engine that can be imported here, but the command line's entry."""
    found = {module.name for module in pkgutil.walk_packages(engine.__path__, "engine.")}
    left_out = {name for name, needed in NEEDS.items() if find_spec(needed) is None}
    return ["engine", *sorted(found - left_out - {"engine.__main__"})]


def found_hints(kind: type) -> dict[str, object]:
    """Its annotations, or none where one names what is only imported for type checkers."""
    try:
        return get_type_hints(kind)
    except NameError:
        return {}


def settle(name: str) -> None:
    """Make what a module gives on first use, and tell pdoc where its annotations come from."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        setattr(module, public, thing)
        if isfunction(thing) and not thing.__module__.startswith("engine"):
            thing.__annotations__ = {}  # another package's; its names are not ours to find
    if hasattr(module, "JsonDict"):
        module.JsonValue = JsonValue  # JsonDict names it, and pydantic keeps it
    for kind in vars(module).values():
        if not isinstance(kind, type) or kind.__module__ != name:
            continue
        # Both are written by a decorator or a base class, which knows no names of the module.
        made = "__init__" if is_dataclass(kind) else "__new__" if hasattr(kind, "_fields") else ""
        if made in vars(kind) and isfunction(function := getattr(kind, made)):
            hints = found_hints(kind)
            function.__annotations__ |= {
                field: hints[field] for field in function.__annotations__ if field in hints
            }


def specs(names: list[str]) -> list[str]:
    """The same modules without those that pdoc reaches from their package by itself."""
    reached: set[str] = set()
    chosen = []
    for name in names:
        if name not in reached:
            chosen.append(name)
            reached.update(walk_specs([name]))
    return chosen


def main(folder: Path) -> int:
    """Write the pages and an index; the number of warnings is the answer."""
    pdoc.render.configure(docformat="markdown", show_source=False, search=False)
    names = modules()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module=r"pdoc(\..*)?")
        for name in names:
            settle(name)
        pdoc.pdoc(*specs(names), output_directory=folder)
    for one in caught:
        print(f"warning: {one.message}", file=sys.stderr)
    print(f"{len(names)} modules: {folder / 'index.html'}")
    return 1 if caught else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
