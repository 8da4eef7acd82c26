"""``python -m engine new-lab NAME``: the files of a lab that runs, to be changed into one's own."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput, EngramError
from engine.core.registry import labs

TEMPLATES = Path(__file__).parent / "templates"
CHECKOUT = Path(__file__).parents[2]
SUFFIX = ".tmpl"
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def new_lab(argv: Sequence[str]) -> dict[str, Any]:
    """Write a lab's skeleton into the checkout; the files and what to do next.

    Raises BadInput for a name that cannot be a module or is taken, and EngramError where the
    package does not lie in a checkout.
    """
    options = Arguments("new-lab", "Write the skeleton of a lab into this checkout.")
    options.add_argument("name", help="of its package and its page: small letters, digits, _")
    options.add_argument("--title", help="of its page; the name in words where none is given")
    given = options.parse_args(argv)
    return build_lab(CHECKOUT, given.name, given.title)


def build_lab(checkout: Path, name: str, title: str | None = None) -> dict[str, Any]:
    """The same in the folder ``checkout``, which must hold ``engine/labs`` and ``pages``."""
    if not (checkout / "pages" / "frame.py").is_file():
        raise EngramError("a lab is written into a checkout, and this engine lies in none")
    _check(checkout, name)
    words = title or name.replace("_", " ").capitalize()
    if not words.strip() or not words.isprintable() or set(words) & set("\"'\\{}<>"):
        raise BadInput("title", "is one line without quotes, braces, backslashes and < >")
    written = []
    for path, text in _files(name, words.strip()):
        target = checkout / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(path.as_posix())
    return {
        "lab": name,
        "files": written,
        "next": [
            f"python -m engine.runtime.ship {name}",
            f"python -m pytest tests/unit/test_{name}.py",
            f"python -m engine {name} --help",
            "make run",
        ],
    }


def _check(checkout: Path, name: str) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise BadInput("name", "has 2 to 31 small letters, digits and _, and begins with a letter")
    taken = checkout / "engine" / "labs" / name, checkout / "pages" / f"{name}.py"
    if name in labs() or any(path.exists() for path in taken):
        raise BadInput("name", f"{name} is taken; there are: {', '.join(labs())}")


def _files(name: str, title: str) -> Iterator[tuple[Path, str]]:
    """Path in the checkout and text of every file."""
    for template in sorted(TEMPLATES.rglob(f"*{SUFFIX}")):
        path = template.relative_to(TEMPLATES).as_posix().removesuffix(SUFFIX)
        text = template.read_text(encoding="utf-8")
        yield (
            Path(path.replace("NAME", name)),
            text.replace("@@name@@", name).replace("@@title@@", title),
        )
