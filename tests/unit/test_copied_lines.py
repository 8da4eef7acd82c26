"""The command line and the script of "Copy as Python" give the config they were copied from."""

from __future__ import annotations

import ast
import json
import runpy
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli import main
from engine.core import Config, Experiment, Lab
from engine.core.registry import labs
from engine.labs.diffusion import bench, grid, site_table, trial
from engine.labs.kv_cache import LAB as KV_CACHE
from engine.labs.motion.config import retrain
from engine.store import Store
from engine.store.lookup import lookup
from pages.kit.words import command_line, python_lines
from tests.lm_models import save_tiny
from tests.unit.cli_lab import LAB as KINDS

TEXT = " ".join(f"the {word} of line {i} holds {i * i}," for i in range(500)
                for word in ("cache", "key")) + "."  # fmt: skip
POLICY = '{\n "default": {"key": "int4:token"},\n "heads": {"1.0": {"value": "int8:token"}}\n}'
CHEAP = {"tokens": 32, "window": 64, "windows": 2, "probes": 4, "new_tokens": 4,
         "ladder": "int4:token:head,int8:token:head", "key_format": "bfp12:b8"}  # fmt: skip
CHEAP_OF: dict[str, dict[str, Any]] = {
    "memory_graph events": {"tokens": 256},
    "diffusion bench": {"seeds": 1, "resamples": 2},
    "diffusion grid": {"seeds": 1, "sparsities": "0.2", "taus": "1"},
    "diffusion sites": {"seeds": 1},
    "diffusion overlap": {"groups": "A", "group_size": 2, "splits": 10},
    "diffusion neuron": {"neuron_layer": 0, "column": 0, "pictures": 1},
    "diffusion honesty": {"pictures": 1, "search_steps": 2, "draws": 1},
    "diffusion starts": {"search_steps": 2},
    "diffusion writing": {"ranks": "1", "write_steps": 10},
    "diffusion keys": {"per_rung": 2, "key_draws": 1},
    "diffusion scores": {"steps": 5},
    "diffusion detection": {"copied": "A", "against": "unseen", "seeds": 1, "steps": 5, "most": 4},
    "diffusion ladder": {"seeds": 1, "steps": 2},
    "diffusion arrival": {"model": "twin"},
    "diffusion basin": {"seeds": 1, "points": 3},
    "diffusion words": {"seeds": 1, "swaps": 1},
    "diffusion race": {"pictures": 1, "scenes": 2, "seeds": 1, "steps": 4, "noises": 2},
    "motion lens": {"text": "a person walks", "seconds": 2, "steps": 2},
    "motion erase": {"texts": "a person walks", "seconds": 2, "steps": 2, "clips": 1},
    "motion retention": {"text": "a person walks", "seconds": 2, "steps": 2, "length": 200},
    "diffusion strength": {"pictures": 1, "scenes": 2, "seeds": 1, "steps": 4},
    "motion race": {"channels": 64, "longest": 512, "repeats": 2, "budget_s": 5},
    "motion lanes": {"text": "a person walks", "seconds": 2.0, "steps": 2},
    "motion denoise": {"text": "a person walks", "seconds": 2.0, "steps": 2},
    "motion restore": {"text": "a person walks", "tokens": ""},
    "motion retrain": {"budget": 20},
    "motion clip": {"text": "a person walks", "seconds": 1.0, "steps": 2},
    "motion sides": {"side_models": "motion-mamba", "side_seeds": 1, "side_seconds": 1.0},
}
OWN_MODEL = {
    "memory_hardware": "gpt2",
    "diffusion": "fast",
    "motion": "motion-mamba",
}  # labs without language models
AWKWARD: dict[str, dict[str, Any]] = {
    "cli_lab kinds": {"whole": 4, "real_number": -0.5, "word": "-x y", "choice": "b", "size": 64,
              "flag": False, "many": (3, 4), "maybe": 3},
    "kv_cache evaluate": {"text": "input:0123456789abcdef", "key_format": "int4:token",
                 "policy": POLICY, "protocol": "streaming", "order": "in-head:rms", "windows": 3},
    "kv_cache drift": {"prompt": "-- a 'dash'\nand $HOME, \"quotes\" & caf\u00e9", "new_tokens": 4},
    "kv_cache pareto": {"extra": "fp16,int8:token", "orders": False},
    "kv_cache sensitivity": {"ladder": "int2:token,int8:token", "granularity": "layer"},
    "memory_graph why": {"ask": "Who's \"Nuala\" -- and where?", "without_seeds": "0,1",
                         "without_edges": "3-4", "specificity": False, "damping": 0.0},
}  # fmt: skip

Printed = tuple[Lab, Experiment, Config]


def experiments() -> list[tuple[Lab, Experiment]]:
    return [(lab, experiment) for lab in labs().values() for experiment in lab.experiments]


def printed() -> Iterator[Any]:
    """Defaults, presets and awkward values of every experiment of every lab."""
    for lab, experiment in [*experiments(), (KINDS, KINDS.experiment("kinds"))]:
        named = {"default": {}, **{
            preset.name: preset.config
            for preset in lab.presets if preset.experiment == experiment.name
        }, "awkward": AWKWARD.get(f"{lab.name} {experiment.name}", {})}  # fmt: skip
        for name, values in named.items():
            config = experiment.config.build(values)
            yield pytest.param((lab, experiment, config), id=f"{lab.name}-{experiment.name}-{name}")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ``engine.run`` was called with, instead of running it."""
    calls: list[Any] = []

    def run(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.runtime.script.run", run)
    for _, experiment in experiments():  # the texts of the cases were never uploaded
        monkeypatch.setattr(experiment.config, "fits", lambda self, read: None)
    both = {**labs(), KINDS.name: KINDS}
    for place in ("engine.core.registry.labs", "engine.cli.labs"):
        monkeypatch.setattr(place, lambda: both)
    return calls


@pytest.mark.parametrize("case", list(printed()))
def test_a_command_line_is_read_as_the_config_it_was_printed_from(
    case: Printed, asked: list[Any]
) -> None:
    lab, experiment, config = case
    words = shlex.split(command_line(lab, experiment, config))
    assert words[:3] == ["python", "-m", "engine"]
    assert main(words[3:]) == 130
    assert asked == [(lab.name, experiment.name, config)]


@pytest.mark.parametrize("case", list(printed()))
def test_a_script_is_read_as_the_config_it_was_printed_from(case: Printed) -> None:
    lab, experiment, config = case
    [call] = [
        node.value for node in ast.parse(python_lines(lab, experiment, config)).body
        if isinstance(node, ast.Assign)
    ]  # fmt: skip
    assert isinstance(call, ast.Call)
    assert [ast.literal_eval(word) for word in call.args] == [lab.name, experiment.name]
    fields = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert experiment.config.build(fields) == config


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"), TEXT)


@pytest.fixture
def small_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures, scenes, sites and steps of training: what they find is not the matter."""
    monkeypatch.setattr(retrain, "STEPS_A_SECOND", 0.3)
    monkeypatch.setattr(trial, "SCENES", 2)
    monkeypatch.setattr(site_table, "SITE_NAMES", site_table.SITE_NAMES[:2])
    for module in (bench, grid, site_table):
        monkeypatch.setattr(module, "copied_judges", partial(trial.copied_judges, each=1))


@pytest.mark.usefixtures("small_trials")
@pytest.mark.parametrize(
    ("lab", "experiment"), experiments(), ids=lambda entry: getattr(entry, "name", "")
)
def test_a_copied_line_of_an_uploaded_text_runs(
    lab: Lab,
    experiment: Experiment,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    uploaded = Store.open().inputs.put(TEXT.encode(), "lines.txt")
    cheap = {**CHEAP, **CHEAP_OF.get(f"{lab.name} {experiment.name}", {})}
    values = {"model": OWN_MODEL.get(lab.name, str(model)), "text": uploaded, **cheap}
    fields = experiment.config.model_fields
    config = experiment.config.build({name: values[name] for name in values if name in fields})
    config = config.grounded(Store.open().inputs.put)
    words = shlex.split(command_line(lab, experiment, config))
    assert main([*words[3:], "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["config"] == config.model_dump(mode="json")
    assert said["digest"] == experiment.digest(lab.name, config)
    kept = lookup(lab, experiment, config)
    assert kept is not None
    # The script finds what the line computed: both mean the same settings.
    found = run_script(python_lines(lab, experiment, config), tmp_path)
    assert list(map(repr, found.metrics.items())) == list(map(repr, kept.metrics.items()))


@pytest.mark.parametrize(
    ("lab", "experiment"), experiments(), ids=lambda entry: getattr(entry, "name", "")
)
def test_a_copied_script_of_the_page_at_first_gives_its_result(
    lab: Lab, experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = experiment.config()
    shown = lookup(lab, experiment, config)
    assert shown is not None
    found = run_script(python_lines(lab, experiment, config, shown), tmp_path)
    assert found.metrics.keys() == shown.metrics.keys()
    assert str(dict(found.metrics)) in capsys.readouterr().out
    for name, field in shown.fields.items():
        assert found[name].axes == field.axes
        np.testing.assert_array_equal(found.array(name), field.array)


def run_script(lines: str, folder: Path) -> Any:
    """What ``result`` is after the lines ran as a file."""
    path = folder / "copied.py"
    path.write_text(lines, encoding="utf-8")
    return runpy.run_path(str(path))["result"]


def test_a_copied_line_with_a_policy_computes_that_policy(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = KV_CACHE.experiment("evaluate")
    uploaded = Store.open().inputs.put(TEXT.encode(), "lines.txt")
    config = experiment.config.build(
        model=str(model), text=uploaded, window=64, windows=2, policy=POLICY, key_format="fp16"
    )
    words = shlex.split(command_line(KV_CACHE, experiment, config))
    assert main([*words[3:], "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["config"]["policy"] == POLICY and said["text"] == uploaded
    assert said["bits_key"] == 4 + 32 / 16
