"""The diffusion lab on the command line, with a small untrained model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image

from engine.cli import main
from engine.core import BadInput
from engine.labs.diffusion.commands import attack, evaluate, sample
from engine.labs.diffusion.commands_locate import export, locate
from engine.labs.diffusion.locate.mask_file import load_mask
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompt_files import MOST_PROMPTS, read_prompts
from engine.labs.diffusion.prompts import find_prompts
from tests.diffusion_models import save_latent, save_patches

PROMPT = "a small red cross at the left on a white background"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_patches(tmp_path_factory.mktemp("models") / "one"))


@pytest.fixture(scope="module")
def mask(model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("masks") / "mask.safetensors")
    locate(["--model", model, "--prompts", "A", "--tau", "1", "--out", path])
    return path


def test_a_picture_is_written_and_told_about(model: str, tmp_path: Path) -> None:
    words = ["--model", model, "--prompt", PROMPT, "--steps", "3"]
    told = sample([*words, "--out", str(tmp_path / "x.png")])
    picture = np.asarray(Image.open(tmp_path / "x.png"))
    assert picture.shape == (32, 32, 3) == (told["height"], told["width"], 3)
    assert len(told["scores"]) == 3 and min(told["scores"]) >= 0
    assert told["nearest"]["caption"] in build_collection().captions
    sample([*words, "--out", str(tmp_path / "again.png")])
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "x.png").read_bytes()
    sample([*words, "--seed", "1", "--out", str(tmp_path / "other.png")])
    assert (tmp_path / "other.png").read_bytes() != (tmp_path / "x.png").read_bytes()


def test_a_mask_is_located_in_numbers_and_in_a_file(model: str, tmp_path: Path) -> None:
    out = tmp_path / "mask.safetensors"
    told = locate(["--model", model, "--prompts", "A", "--tau", "1", "--out", str(out)])
    found = load_mask(out, load_pipeline(model))
    assert told["weights_cut"] == sum(int(values.sum()) for values in found.masks.values()) > 0
    assert told["weights_cut"] == sum(layer["cut"] for layer in told["layers"].values())
    assert told["share_cut"] == pytest.approx(told["weights_cut"] / told["weights"])
    assert told["share_cut"] <= 0.2 and len(told["layers"]) == 7
    drawn = tmp_path / "random.safetensors"
    control = locate(
        ["--model", model, "--prompts", "A", "--tau", "1", "--random", "--out", str(drawn)]
    )
    assert {k: v["cut"] for k, v in control["layers"].items()} == {
        k: v["cut"] for k, v in told["layers"].items()
    }
    assert drawn.read_bytes() != out.read_bytes()


def test_sets_and_files_can_be_joined(model: str, tmp_path: Path) -> None:
    (tmp_path / "P.txt").write_text(f"{PROMPT}\n\n<img src=x onerror=alert(1)>\n")
    (tmp_path / "R.txt").write_text("the painting gentle storm by grigor\n")
    base = ["--model", model, "--tau", "1", "--sparsity", "0.1"]
    prompts, reference = str(tmp_path / "P.txt"), str(tmp_path / "R.txt")

    def cut(*words: str) -> int:
        out = ["--out", str(tmp_path / "mask.safetensors")]
        return locate([*base, *words, *out])["weights_cut"]

    either = cut("--prompts", f"A,{prompts}")
    both = cut("--prompts", f"A,{prompts}", "--at-least", "2")
    alone = cut("--prompts", "A")
    less = cut("--prompts", "A", "--minus", prompts)
    assert both < alone < either and less == alone - both
    assert cut("--prompts", "A", "--reference", reference) != alone


def test_an_evaluation_names_its_measures(model: str, mask: str) -> None:
    told = evaluate(["--model", model, "--set", "A", "--seeds", "1"])
    assert told["prompts"] == 8 and len(told["pictures"]) == 8
    for name in ("ssim", "zncc", "extracted", "nn_hit"):
        each = [picture[name] for picture in told["pictures"]]
        assert told[name] == pytest.approx(np.mean(each))
    assert told["scenes"] is None
    cut = evaluate(["--model", model, "--mask", mask, "--set", "A"])
    assert cut["ssim"] != told["ssim"] and cut["mask"] == "mask.safetensors"


def test_an_evaluation_of_a_file_knows_the_titles_that_were_trained(
    model: str, tmp_path: Path
) -> None:
    data = build_collection()
    path = tmp_path / "P.txt"
    path.write_text("\n".join(data.captions[at] for at in data.members("B")[:2]))
    told = evaluate(["--model", model, "--set", str(path)])
    assert told["set"] == "P" and told["prompts"] == 2 and told["ssim"] is not None
    path.write_text("a prompt of nobody")
    told = evaluate(["--model", model, "--set", str(path)])
    assert told["ssim"] is None and told["nn_hit"] is None and 0 < told["ratio"] <= 1


def test_an_attack_has_its_controls(model: str, mask: str) -> None:
    told = attack(
        ["--model", model, "--mask", mask, "--set", "A", "--pictures", "2", "--steps", "2"]
    )
    assert set(told["controls"]) == {"never_seen", "unpruned", "unpruned_never_seen"}
    for outcome in (told, *told["controls"].values()):
        for when in ("before", "after"):
            assert -1 <= outcome[when]["ssim"] <= 1 and 0 <= outcome[when]["extracted"] <= 1
    whole = attack(["--model", model, "--set", "A", "--pictures", "1", "--steps", "1"])
    assert set(whole["controls"]) == {"never_seen"}


def test_an_exported_pipeline_is_the_cut_one_in_any_program(
    model: str, mask: str, tmp_path: Path
) -> None:
    out = tmp_path / "pruned"
    told = export(["--model", model, "--mask", mask, "--out", str(out)])
    assert told["changed"] == ["diffusion_pytorch_model.safetensors"]
    unet = UNet2DConditionModel.from_pretrained(out, subfolder="unet", dtype=torch.float32)
    found = load_mask(mask, load_pipeline(model))
    before = load_pipeline(model).unet
    for name, values in found.masks.items():
        weight = unet.get_parameter(f"{name}.weight")
        want = before.get_parameter(f"{name}.weight").masked_fill(values, 0)
        assert torch.equal(weight, want)
    whole = StableDiffusionPipeline.from_pretrained(out, vae=None, dtype=torch.float32)
    assert whole.unet is not None and whole.tokenizer(PROMPT).input_ids
    words = ["--prompt", PROMPT, "--steps", "3"]
    sample(["--model", str(out), *words, "--out", str(tmp_path / "exported.png")])
    sample(["--model", model, "--mask", mask, *words, "--out", str(tmp_path / "cut.png")])
    sample(["--model", model, *words, "--out", str(tmp_path / "whole.png")])
    pictures = [
        np.asarray(Image.open(tmp_path / f"{name}.png")).astype(int)
        for name in ("exported", "cut", "whole")
    ]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1
    assert np.abs(pictures[0] - pictures[2]).max() > 1
    with pytest.raises(BadInput, match="mask: it was made for the model"):
        load_mask(mask, load_pipeline(str(out)))


def test_masks_of_the_text_encoder_are_exported_too(model: str, tmp_path: Path) -> None:
    mask, out = str(tmp_path / "text.safetensors"), tmp_path / "pruned"
    locate(["--model", model, "--prompts", "A", "--site", "text", "--tau", "1", "--out", mask])
    told = export(["--model", model, "--mask", mask, "--out", str(out)])
    assert told["changed"] == ["model.safetensors"] and told["weights_cut"] > 0
    zeros = sum(
        int((parameter == 0).sum())
        for name, parameter in load_pipeline(str(out)).text.named_parameters()
        if name.endswith("fc2.weight")
    )
    assert zeros >= told["weights_cut"]


def test_a_pipeline_like_the_published_ones_goes_the_same_way(tmp_path: Path) -> None:
    model = str(save_latent(tmp_path / "model"))
    mask, prompts = str(tmp_path / "mask.safetensors"), tmp_path / "P.txt"
    prompts.write_text(f"{PROMPT}\nThe No Limits Business Woman Podcast\n")
    told = locate(["--model", model, "--prompts", str(prompts), "--tau", "1", "--out", mask])
    assert told["weights_cut"] > 0
    export(["--model", model, "--mask", mask, "--out", str(tmp_path / "pruned")])
    whole = StableDiffusionPipeline.from_pretrained(tmp_path / "pruned", dtype=torch.float32)
    assert whole.vae is not None
    drawn = sample(
        ["--model", model, "--mask", mask, "--prompt", PROMPT, "--steps", "2",
         "--out", str(tmp_path / "x.png")]
    )  # fmt: skip
    assert drawn["nearest"] is None and (drawn["width"], drawn["height"]) == (16, 16)
    with pytest.raises(BadInput, match="set: the set A belongs to the embedded models"):
        evaluate(["--model", model, "--set", "A"])
    with pytest.raises(BadInput, match="set: this model's training pictures are not known"):
        evaluate(["--model", model, "--set", str(prompts)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "prompts: the text is empty"),
        (b"\n \n", "prompts: the text is empty"),
        (b"\x00\x01\x02binary", "prompts: a zero byte"),
        (b"\xff\xfe\xfa", "prompts: not UTF-8"),
        (b"a prompt\n" * 100_000, f"prompts: at most {MOST_PROMPTS} prompts are read"),
        (b"x" * 2_000_000, "prompts: at most 1 MB"),
        (b"x" * 1001, "prompts: prompt 1 has 1,001 characters, at most 1000"),
    ],
)
def test_prompt_files_that_cannot_be_used_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_prompts(data)


@pytest.mark.shared
def test_the_published_captions_can_be_read(shared_data: Path, model: str) -> None:
    lines = (shared_data / "diffusion" / "sd14_memorized_500.jsonl").read_text().splitlines()
    captions = [json.loads(line)["caption"] for line in lines]
    assert read_prompts("\n".join(captions).encode()) == tuple(c.strip() for c in captions)
    path = shared_data / "diffusion" / "memattn_sd1_mem345.txt"
    found = find_prompts(load_pipeline(model), str(path))
    assert len(found.prompts) == 345 and (found.positions == -1).all()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["sample", "--prompt", "x", "--out", "x.jpg"], "out: must end with .png"),
        (["sample", "--prompt", "x", "--seed", "-1", "--out", "x.png"], "seed: must be from 0"),
        (["sample", "--prompt", "x", "--guidance", "nan", "--out", "x.png"], "guidance: must be"),
        (["sample", "--prompt", "x", "--steps", "0", "--out", "x.png"], "steps: must be from 1"),
        (["locate", "--prompts", "A", "--out", "m.pt"], "out: must end with .safetensors"),
        (["locate", "--prompts", "D", "--out", "m.safetensors"], "prompts: must be one of A, B"),
        (["locate", "--prompts", "A", "--sparsity", "2", "--out", "m.safetensors"],
         "sparsity: must be from 0 to 1 (got 2)"),
        (["locate", "--prompts", "A", "--tau", "0", "--out", "m.safetensors"], "tau: must be"),
        (["locate", "--prompts", "A", "--site", "x", "--out", "m.safetensors"], "site: must be"),
        (["locate", "--prompts", ",", "--out", "m.safetensors"], "prompts: at least one set"),
        (["evaluate", "--set", "A", "--seeds", "0"], "seeds: must be from 1 to 20 (got 0)"),
        (["evaluate", "--set", "A", "--mask", "none.safetensors"], "is not a file"),
        (["attack", "--set", "scenes"], "set: scenes has no target pictures"),
        (["attack", "--set", "A", "--pictures", "0"], "pictures: must be from 1 to 8"),
        (["attack", "--set", "A", "--steps", "0"], "steps: must be from 1 to 1000"),
        (["export", "--mask", "none.safetensors", "--out", "x"], "is not a file"),
    ],
)  # fmt: skip
def test_bad_options_are_one_sentence_and_exit_code_two(
    command: list[str], words: str, model: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diffusion", command[0], "--model", model, *command[1:], "--json"]) == 2
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert words in told["error"]


def test_a_folder_that_is_in_use_is_not_written_into(model: str, mask: str, tmp_path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    with pytest.raises(BadInput, match="exists already; a new or empty folder"):
        export(["--model", model, "--mask", mask, "--out", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["keep.txt"]
