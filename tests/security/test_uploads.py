"""Hostile files in every field of every lab that takes one: read, or refused with one sentence.

The fields are found by their definition, as the pages find their widgets: those of a new lab are
tested as they are declared.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import resource
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

import engine.labs
from engine.core import BadInput, Config, labs
from engine.core.settings import MB
from engine.io.jsonl import LIMIT_BYTES
from engine.io.text import read_unpacked
from engine.labs.kv_cache import lengths
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.language.extraction import replay
from engine.labs.memory_graph.language.record import FIELD as RECORD
from engine.labs.memory_graph.memory import entries_in
from engine.labs.motion.config.beside import BesideConfig
from engine.labs.motion.references import from_file
from engine.store import Store
from pages.kit.control import Control
from tests.hostile_files import ESCAPED, NAMES, refused_everywhere, refused_or_read

ROOT = Path(__file__).parents[2]
LONGEST_SENTENCE = 600
# What the reading of one upload may add, with room for what libraries and threads reserve.
MOST_MB = 1500
GOLD = b'{"question": "Where is Ada Marsh?", "gold": [0]}'


class _Begun(Exception):
    """A run took the file and reports for the first time."""


class Reading:
    """The context of a run that ends at its first report after it read ``address``.

    ``brief`` begins no run of what was read before a run is offered.
    """

    def __init__(self, address: str, *, brief: bool = False):
        self.address = address
        self.brief = brief
        self.asked: set[str] = set()

    def read_input(self, address: str) -> bytes:
        self.asked.add(address)
        return Store.open().inputs.get(address)

    def progress(self, done: float, total: float, **metrics: float) -> None:
        if self.read:
            raise _Begun

    @property
    def read(self) -> bool:
        return self.address in self.asked

    def save_checkpoint(self, arrays: object) -> None:
        pass

    def load_checkpoint(self) -> None:
        return None


Take = Callable[[Reading], object]


def takes_a_file(config: type[Config], name: str) -> bool:
    return Control(config, name, name).kind in ("source", "documents", "file")


def fields() -> list[tuple[str, str, str]]:
    """Lab, experiment and name of every setting that takes a file."""
    return [
        (lab.name, experiment.name, name)
        for lab in labs().values()
        for experiment in lab.experiments
        for name in experiment.config.model_fields
        if takes_a_file(experiment.config, name)
    ]


def settings(lab: str, experiment: str, name: str) -> dict[str, str]:
    """What else must be set for the file to be read."""
    if (lab, experiment) == ("motion", "clip"):
        return {"clip_from": "file"}
    if (lab, experiment, name) == ("memory_graph", "bench", "corpus"):
        return {"questions": Store.open().inputs.put(GOLD, "gold.jsonl")}
    return {}


def run_of(lab_name: str, experiment_name: str, name: str) -> Take:
    """What a server does with a file in that setting, until its run begins to compute."""
    experiment = labs()[lab_name].experiment(experiment_name)

    def take(reading: Reading) -> object:
        given = {**settings(lab_name, experiment_name, name), name: reading.address}
        config = experiment.config.build(given)
        config.admit(local=False)
        config = config.grounded(Store.open().inputs.put)
        config.fits(reading.read_input)
        experiment.cost_seconds(config)
        if reading.brief and reading.read:
            return None
        return experiment.load_run()(config, reading)

    return take


def _beside(ending: str) -> Take:
    return lambda reading: from_file(reading.read_input(reading.address), f"clip{ending}")


def _record(reading: Reading) -> object:
    data = read_unpacked(reading.read_input(reading.address), limit=LIMIT_BYTES, field=RECORD)
    return replay(data, [Passage("Ada", "Ada Marsh built the Heron Bridge.")])


# Uploads that no experiment's setting declares, by the file with their widget.
OTHERS: Mapping[str, Mapping[str, Take]] = {
    "motion/lanes_beside.py": {"BVH": _beside(".bvh"), "NPZ": _beside(".npz")},
    "memory_graph/own_keep.py": {"merge": lambda one: entries_in(one.read_input(one.address))},
    "memory_graph/language_run.py": {"record": _record},
}
TAKES: dict[str, Take] = {
    **{".".join(field): run_of(*field) for field in fields()},
    **{f"{file}: {what}": take for file, all in OTHERS.items() for what, take in all.items()},
}


@contextmanager
def little_memory() -> Iterator[None]:
    """So that an upload that unpacks to gigabytes ends in a MemoryError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MOST_MB * MB, hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of a text is kept by its address, and would not be read again."""
    monkeypatch.setattr(lengths, "_kept", {})


def bring(take: Take, data: bytes, *, brief: bool) -> str:
    """The sentence that refuses the file, empty where it is taken."""
    reading = Reading(Store.open().inputs.put(data, NAMES[0]), brief=brief)
    sentence = ""
    with little_memory():
        try:
            take(reading)
        except _Begun:
            pass
        except BadInput as error:
            sentence = str(error)
    assert reading.read, f"it was not read, settings() must say what else is to be set; {sentence}"
    assert sentence.isprintable() and len(sentence) < LONGEST_SENTENCE, sentence
    return sentence


def bring_all(take: Take, files: Mapping[str, bytes], thorough: Collection[str] = ()) -> list[str]:
    """Bring all ``files``; returns the kinds of those that were taken."""
    taken = []
    for kind, data in files.items():
        try:
            if not bring(take, data, brief=kind not in thorough):
                taken.append(kind)
        except Exception as error:
            raise AssertionError(f"{kind}: {error!r}") from error
    return taken


@pytest.mark.parametrize("place", TAKES)
def test_a_hostile_file_is_refused_with_one_sentence(place: str, tmp_path: Path) -> None:
    marker = tmp_path / "pickle was loaded"
    assert bring_all(TAKES[place], refused_everywhere(marker)) == []
    assert not marker.exists()


@pytest.mark.parametrize("place", TAKES)
def test_a_strange_file_is_read_or_refused_with_one_sentence(place: str) -> None:
    bring_all(TAKES[place], refused_or_read(), thorough=("markup", "lone surrogates"))


def test_what_an_upload_is_called_names_no_file(own_home: Path, tmp_path: Path) -> None:
    inputs = Store.open().inputs
    for number, name in enumerate(NAMES):
        address = inputs.put(str(number).encode(), name)
        assert inputs.name(address) == name[:200]
    kept = {path.name for path in own_home.rglob("*") if path.is_file()}
    assert len({name for name in kept if name.endswith(".bin")}) == len(NAMES)
    assert not [name for name in kept if ESCAPED in name or "<" in name or len(name) > 64]
    assert not list(Path("/").glob(f"{ESCAPED}*")) + list(own_home.parent.glob(f"{ESCAPED}*"))


def test_every_upload_of_every_page_is_one_of_these() -> None:
    found = set()
    for path in (ROOT / "pages").rglob("*.py"):
        calls = (
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        )
        for call in calls:
            if ast.unparse(call.func).endswith("file_uploader"):
                found.add(path.relative_to(ROOT / "pages").as_posix())
    # Those of the kit draw what a config declares.
    assert found - {"kit/uploads.py"} == {
        f"panels/{file}" for file in OTHERS if not file.endswith("lanes_beside.py")
    }


def test_every_config_with_an_upload_is_one_of_these() -> None:
    for module in pkgutil.walk_packages(engine.labs.__path__, "engine.labs."):
        if ".config" in module.name:
            importlib.import_module(module.name)

    def below(config: type[Config]) -> Iterator[type[Config]]:
        for one in config.__subclasses__():
            yield one
            yield from below(one)

    run = [experiment.config for lab in labs().values() for experiment in lab.experiments]
    shown: set[Any] = {
        config
        for config in below(Config)
        if config.__module__.startswith("engine.labs.")
        and not any(issubclass(one, config) for one in run)
        and any(Control(config, name, name).extra.get("widget") == "file"
                for name in config.model_fields)
    }  # fmt: skip
    assert shown == {BesideConfig}
