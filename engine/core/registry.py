"""Labs register themselves by existing: a package in ``engine.labs`` with a ``LAB``."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.claims import Comparison, Unmeasured
from engine.core.config import Config
from engine.core.digest import digest
from engine.core.errors import NotFound

if TYPE_CHECKING:
    from engine.core.context import Context
    from engine.core.result import Result

Run = Callable[[Any, "Context"], "Result"]


@dataclass(frozen=True)
class Paper:
    """A source: shown on the lab's page and on the page of sources."""

    title: str
    authors: str
    year: int
    arxiv: str | None = None
    url: str | None = None

    @property
    def link(self) -> str:
        """Its address, empty where none is known."""
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url or ""


@dataclass(frozen=True, eq=False)
class Preset:
    """A named situation that tells a story; a permalink of experiment, config and page state.

    Four to eight of a lab are ``featured``: they stand at the top of its page and in the gallery,
    the others in the view that they open.
    """

    name: str
    title: str
    story: str
    experiment: str
    config: Mapping[str, Any]
    page: Mapping[str, Any] = field(default_factory=dict)
    featured: bool = True


@dataclass(frozen=True, eq=False)
class Experiment:
    """Something a lab can run.

    ``run`` is "package.module:function", so that registering a lab imports nothing heavy.
    ``version`` rises when the same config would now give other numbers.
    ``cost_seconds`` estimates CPU seconds on two cores before a run is started.
    """

    name: str
    title: str
    config: type[Config]
    run: str
    version: int = 1
    cost_seconds: Callable[[Any], float] = lambda config: 5.0
    memory_mb: int = 4096

    def digest(self, lab: str, config: Config) -> str:
        """The address of this experiment's result for ``config``."""
        return digest(lab, self.name, self.version, config)

    def load_run(self) -> Run:
        """Import the run function (heavy: only in a job process or a script)."""
        module, _, function = self.run.partition(":")
        return getattr(importlib.import_module(module), function)


@dataclass(frozen=True, eq=False)
class Lab:
    """A room of the house: its experiments, papers, presets and extra commands.

    ``commands`` names "module:name" of callables ``(argv) -> dict`` for the command line, or of an
    ``ExperimentCommand``, which has an experiment's own options. ``claims`` names "module:NAME" of
    the ``Comparison`` s between the papers and this lab's results, and of what is ``Unmeasured``.
    """

    name: str
    title: str
    sentence: str
    experiments: tuple[Experiment, ...]
    papers: tuple[Paper, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    claims: str = ""

    def experiment(self, name: str) -> Experiment:
        """The experiment called ``name``; raises NotFound and lists the ones there are."""
        for experiment in self.experiments:
            if experiment.name == name:
                return experiment
        known = ", ".join(experiment.name for experiment in self.experiments)
        raise NotFound(f"{self.name} has no experiment {name!r}; it has: {known}")

    def comparisons(self) -> tuple[Comparison, ...]:
        """The claims that results answer (views are imported, no framework of models is)."""
        return tuple(one for one in self._claims() if isinstance(one, Comparison))

    def unmeasured(self) -> tuple[Unmeasured, ...]:
        """The claims that nothing here can test."""
        return tuple(one for one in self._claims() if isinstance(one, Unmeasured))

    def _claims(self) -> tuple[Comparison | Unmeasured, ...]:
        if not self.claims:
            return ()
        module, _, name = self.claims.partition(":")
        return tuple(getattr(importlib.import_module(module), name))

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The presets of ``presets.toml``, in file order."""
        return _presets(self.folder) if self.folder else ()

    @property
    def terms(self) -> Mapping[str, str]:
        """The words of the field and their meaning: the section Terms of NOTES.md.

        One a line, ``**Term, other form**: meaning``.
        """
        return dict(re.findall(r"(?m)^\*\*(.+?)\*\*: (.+)$", self.notes.get("Terms", "")))

    @property
    def notes(self) -> Mapping[str, str]:
        """NOTES.md by second-level heading."""
        return _notes(self.folder) if self.folder else {}


@cache
def _presets(folder: Path) -> tuple[Preset, ...]:
    path = folder / "presets.toml"
    if not path.exists():
        return ()
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(Preset(name=name, **entry) for name, entry in table.items())


@cache
def _notes(folder: Path) -> dict[str, str]:
    path = folder / "NOTES.md"
    if not path.exists():
        return {}
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    # Comments are for whoever edits the notes.
    text = re.sub(r"<!--.*?-->\n?", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for line in text.splitlines():
        if line.startswith("## "):
            lines = sections.setdefault(line[3:].strip(), [])
        else:
            lines.append(line)
    return {heading: "\n".join(body).strip() for heading, body in sections.items()}


@cache
def labs() -> Mapping[str, Lab]:
    """Every lab by name, in alphabetical order of its folder."""
    import engine.labs

    found = {}
    for module in pkgutil.iter_modules(engine.labs.__path__):
        lab = getattr(importlib.import_module(f"engine.labs.{module.name}"), "LAB", None)
        if lab is not None:
            found[lab.name] = lab
    return found


def get_lab(name: str) -> Lab:
    """The lab called ``name``; raises NotFound and lists the ones there are."""
    try:
        return labs()[name]
    except KeyError:
        raise NotFound(f"there is no lab {name!r}; there are: {', '.join(labs())}") from None
