"""Bad options, masks and outputs of the diffusion lab: told before anything is computed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from engine.cli import main
from engine.core import BadInput
from engine.labs.diffusion import attack as attacking
from engine.labs.diffusion import commands, evaluation, export, options, prompts, sampler
from engine.labs.diffusion.commands_locate import locate
from engine.labs.diffusion.locate import locating
from engine.labs.diffusion.locate.mask_file import load_mask, save_mask
from engine.labs.diffusion.locate.mask_header import FORMAT, check_mask_header
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.model.load import load_pipeline
from tests.diffusion_models import save_patches


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_patches(tmp_path_factory.mktemp("models") / "one"))


@pytest.fixture(scope="module")
def mask(model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("masks") / "mask.safetensors")
    locate(["--model", model, "--prompts", "A", "--tau", "1", "--out", path])
    return path


def test_the_ranges_told_are_those_of_the_modules_behind() -> None:
    assert options.MOST_STEPS == sampler.MOST_STEPS == attacking.MOST_STEPS
    assert options.MOST_SEEDS == evaluation.MOST_SEEDS
    assert options.FEW == prompts.FEW and options.STEPS == sampler.STEPS


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["sample", "--prompt", "x", "--out", "x.png", "--seed", "1e3"],
         "seed: must be a whole number from 0 to 1000000 (got '1e3')"),
        (["sample", "--prompt", "x", "--out", "x.png", "--seed", "9" * 400],
         "seed: must be from 0 to 1000000 (got 9999"),
        (["sample", "--prompt", "x", "--out", "x.png", "--seed", "9" * 5000],
         "seed: must be a whole number from 0 to 1000000 (got '9999"),
        (["sample", "--prompt", "x", "--out", "x.png", "--steps", "x"],
         "steps: must be a whole number from 1 to 1000 (got 'x')"),
        (["sample", "--prompt", "x", "--out", "x.png", "--guidance", "x"],
         "guidance: must be a number from -20 to 20 (got 'x')"),
        (["evaluate", "--set", "A", "--seeds", "1.5"],
         "seeds: must be a whole number from 1 to 20 (got '1.5')"),
        (["evaluate", "--set", "A", "--first-seed", "x"],
         "first-seed: must be a whole number from 0 to 1000000"),
        (["attack", "--set", "A", "--pictures", "9"], "pictures: must be from 1 to 8 (got 9)"),
        (["attack", "--set", "x50", "--pictures", "17"], "pictures: must be from 1 to 16 (got 17)"),
        (["attack", "--set", "A", "--pictures", "x"], "pictures: must be a whole number from 1"),
        (["locate", "--prompts", "A", "--out", "m.safetensors", "--tau", "x"],
         "tau: must be a whole number from 1 to 20"),
        (["locate", "--prompts", "A", "--out", "m.safetensors", "--sparsity", "x"],
         "sparsity: must be a number from 0 to 1 (got 'x')"),
        (["locate", "--prompts", "A", "--out", "m.safetensors", "--at-least", "0"],
         "at-least: must be from 1 to"),
        (["locate", "--prompts", "A,B", "--out", "m.safetensors", "--at-least", "3"],
         "at-least: must be from 1 to 2, the number of sets (got 3)"),
        (["locate", "--prompts", "A,A", "--out", "m.safetensors", "--at-least", "2"],
         "at-least: must be from 1 to 1, the number of sets (got 2)"),
        (["locate", "--prompts", "A", "--minus", "A", "--out", "m.safetensors"],
         "minus: A is one of --prompts too"),
        (["locate", "--prompts", ",".join(["A"] * 33), "--out", "m.safetensors"],
         "prompts: at most 32 sets or files"),
        (["locate", "--prompts", "A", "--out", "folder.safetensors"],
         "out: 'folder.safetensors' cannot be written (it is not a file)"),
        (["locate", "--prompts", "A", "--out", "file/m.safetensors"],
         "out: 'm.safetensors' cannot be written ("),
        (["locate", "--prompts", "A", "--out", "/proc/nothing/m.safetensors"],
         "out: 'm.safetensors' cannot be written ("),
        (["sample", "--prompt", "x", "--out", "folder.png"],
         "out: 'folder.png' cannot be written (it is not a file)"),
    ],
)  # fmt: skip
def test_bad_options_are_told_before_anything_is_computed(
    command: list[str],
    words: str,
    model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()

    def computed(*_: Any, **__: Any) -> Any:
        raise AssertionError("something was computed")

    monkeypatch.setattr(sampler, "steps", computed)
    monkeypatch.setattr(locating, "measure", computed)
    monkeypatch.setattr(attacking, "search", computed)
    assert main(["diffusion", command[0], "--model", model, *command[1:], "--json"]) == 2
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert words in told["error"]


def test_an_output_that_is_there_stays_until_it_is_replaced(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "m.safetensors"
    words = ["diffusion", "locate", "--model", model, "--out", str(out), "--prompts"]
    assert main([*words, "D"]) == 2 and not out.exists()
    out.write_text("mine")
    assert main([*words, "D"]) == 2 and out.read_text() == "mine"
    assert "prompts: must be one of A, B" in capsys.readouterr().err


def test_a_set_that_is_named_twice_counts_once(model: str, tmp_path: Path) -> None:
    found = [
        locate(
            ["--model", model, "--tau", "1", "--prompts", names,
             "--out", str(tmp_path / "m.safetensors")]
        )
        for names in ("A", "A,A")
    ]  # fmt: skip
    assert found[0] == found[1] and found[1]["prompts"] == ["A"]


def test_an_attack_and_its_controls_have_as_many_pictures(
    model: str, mask: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = attacking.attack

    def counted(*given: Any, **more: Any) -> attacking.Outcome:
        outcome = real(*given, **more)
        asked.append(len(outcome.after))
        return outcome

    monkeypatch.setattr(attacking, "attack", counted)
    titles = prompts.find_prompts(load_pipeline(model), "A").prompts[:2]
    (tmp_path / "P.txt").write_text("\n".join(titles))
    words = ["--model", model, "--mask", mask, "--set", str(tmp_path / "P.txt"), "--steps", "1"]
    told = commands.attack(words)
    assert told["pictures"] == 2 and asked == [2] * 4


HEADER_ONLY = {"format": FORMAT, "model": "0" * 16, "site": "ff_out", "made": "{}"}


def mask_bytes(model: str, header: Any = None, coding: str = "utf-8") -> bytes:
    """A mask of the first layer, its header changed and coded as told."""
    pipeline = load_pipeline(model)
    name, layer = next(iter(layers(pipeline, find_site("ff_out")).items()))
    notes = {**HEADER_ONLY, "model": pipeline.digest}
    data = save({f"{name}.weight": np.ones(tuple(layer.weight.shape), bool)}, metadata=notes)
    length = int.from_bytes(data[:8], "little")
    whole = {**json.loads(data[8 : 8 + length]), **(header or {})}
    text = json.dumps(whole).encode(coding)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


EMPTY = {"dtype": "BOOL", "shape": [2**40] * 7 + [0], "data_offsets": [0, 0]}


@pytest.mark.parametrize(
    ("header", "coding", "words"),
    [
        ({}, "utf-16", "not valid JSON in UTF-8"),
        ({}, "utf-16-le", "not valid JSON in UTF-8"),
        ({}, "utf-8-sig", "not valid JSON in UTF-8"),
        ({"\ud800": EMPTY}, "utf-8", "not valid JSON in UTF-8"),
        ({"x": EMPTY}, "utf-8", r"the product of its sizes is larger than 2\^63 bits"),
    ],
)
def test_hostile_masks_get_one_sentence(
    header: dict[str, Any], coding: str, words: str, model: str, tmp_path: Path
) -> None:
    data = mask_bytes(model, header, coding)
    (tmp_path / "m.safetensors").write_bytes(data)
    with pytest.raises(BadInput, match=f"mask: .*{words}"):
        load_mask(tmp_path / "m.safetensors", load_pipeline(model))
    with pytest.raises(BadInput, match=f"mask: .*{words}"):
        check_mask_header(data, "another")


def test_what_only_the_reader_refuses_is_one_sentence_too(model: str, tmp_path: Path) -> None:
    # Zero with a sign is a whole number to one JSON reader and none to the other.
    data = mask_bytes(model)
    length = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + length].replace(b"[0, ", b"[-0, ")
    (tmp_path / "m.safetensors").write_bytes(
        len(text).to_bytes(8, "little") + text + data[8 + length :]
    )
    with pytest.raises(BadInput, match=r"mask: 'm.safetensors' cannot be read"):
        load_mask(tmp_path / "m.safetensors", load_pipeline(model))


def test_a_mask_that_cannot_be_kept_is_told(model: str, mask: str, tmp_path: Path) -> None:
    pipeline = load_pipeline(model)
    found = load_mask(mask, pipeline)
    with pytest.raises(BadInput, match=r"out: .* cannot be written"):
        save_mask(tmp_path, pipeline, found.site, found.masks, {})


@pytest.mark.parametrize("there", [False, True])
def test_a_failed_export_leaves_no_half_a_folder(
    there: bool, model: str, mask: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = load_pipeline(model)
    found = load_mask(mask, pipeline)
    out = tmp_path / "out"
    if there:
        out.mkdir()
    strange = {**found.masks, "nowhere": next(iter(found.masks.values()))}
    with pytest.raises(BadInput, match="mask: the weight files lack nowhere"):
        export.export_pruned(pipeline, found.site, strange, out)
    assert out.exists() is there and not (there and list(out.iterdir()))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(BadInput, match=r"out: 'out' cannot be written \(No space left"):
        export.export_pruned(pipeline, found.site, found.masks, out)
    assert out.exists() is there and not (there and list(out.iterdir()))
