"""Generation, in Python and on the command line, with small untrained models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cli import main
from engine.core.errors import BadInput
from engine.labs.motion import commands_models
from engine.labs.motion.clip import Clip
from engine.labs.motion.evaluation.checks import measure
from engine.labs.motion.evaluation.distances import diversity
from engine.labs.motion.evaluation.quality import skate
from engine.labs.motion.features import CONTACT, LOCAL, ROOT, decode
from engine.labs.motion.files.doors import load_clip
from engine.labs.motion.files.reimport import error_mm, read_again
from engine.labs.motion.generation import diffuse, unmask
from engine.labs.motion.generation.anchor import anchor_feet
from engine.labs.motion.generation.generate import How, generate, generate_timeline, sample_rows
from engine.labs.motion.models import stored
from engine.labs.motion.models.stored import GENERATORS, Model, load_model
from tests.motion_models import examples, save_recordings, save_tiny, tiny

TEXT = "a person walks and turns left"
FEW = How(steps=2, guidance=9)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models")
    return {kind: tiny(kind, folder) for kind in GENERATORS}


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_text_and_a_seed_are_one_motion(models: dict[str, Model], kind: str) -> None:
    model = models[kind]
    made = generate(model, TEXT, 2.0, 0, FEW)
    assert made.positions.shape == (41, 22, 3) and np.isfinite(made.positions).all()
    assert made.pieces == 1 and not made.readings[0].unknown and made.ends == (40,)
    np.testing.assert_array_equal(made.positions, generate(model, TEXT, 2.0, 0, FEW).positions)
    for other in (
        generate(model, TEXT, 2.0, 1, FEW),
        generate(model, "a person waves with the left hand", 2.0, 0, FEW),
    ):
        assert np.abs(other.positions - made.positions).max() > 1e-4


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_clip_is_the_same_in_any_company(models: dict[str, Model], kind: str) -> None:
    model = models[kind]
    captions = [TEXT, "a person walks forward", "a person waves with the left hand"]
    ids = torch.tensor([model.vocabulary.ids(text) for text in captions])
    together = sample_rows(model, ids, [33, 60, 20], [5, 6, 7], FEW)
    for at, size in enumerate((33, 60, 20)):
        alone = sample_rows(model, ids[at : at + 1], [size], [5 + at], FEW)[0]
        assert alone.shape == (size, 137)
        np.testing.assert_allclose(together[at], alone, atol=1e-3)


@pytest.mark.parametrize("kind", GENERATORS)
def test_long_motions_are_made_of_pieces_without_a_jump(
    models: dict[str, Model], kind: str
) -> None:
    made = generate(models[kind], TEXT, 12.0, 0, FEW)
    assert made.positions.shape == (241, 22, 3) and made.pieces == 2
    step = np.linalg.norm(np.diff(made.positions, axis=0), axis=-1).max(-1)
    assert step[115:125].max() <= 1.5 * max(step[:115].max(), step[125:].max())


@pytest.mark.parametrize("kind", ["kmm", "transformer"])
def test_a_timeline_shows_each_caption_for_its_time(models: dict[str, Model], kind: str) -> None:
    model = models[kind]
    segments = [(TEXT, 1.45), ("a person walks forward", 2.0), (TEXT, 11.0)]
    made = generate_timeline(model, segments, 0, FEW)
    assert made.ends == (29, 69, 289) and len(made.positions) == 290 and made.pieces == 4
    assert [reading.ids for reading in made.readings] == [
        model.vocabulary.read(text).ids for text, _ in segments
    ]
    other = generate_timeline(model, [segments[0], segments[0], segments[2]], 0, FEW)
    # A segment's own rows do not depend on what comes later, but for the convolution at its end.
    np.testing.assert_allclose(other.rows[:12], made.rows[:12], atol=1e-4)
    assert np.abs(other.rows[40:60] - made.rows[40:60]).max() > 1e-3
    with pytest.raises(BadInput, match="segments: must be 1 to 50"):
        generate_timeline(model, [], 0)


def test_guidance_of_one_is_the_caption_alone_and_steps_are_watched(
    models: dict[str, Model],
) -> None:
    network = models["motion-mamba"].network
    ids = torch.tensor([models["motion-mamba"].vocabulary.ids(TEXT)])
    seen: list[diffuse.Step] = []
    made = diffuse.denoise(
        network, ids, torch.tensor([24]), [3], steps=4, guidance=1.0, watch=seen.append
    )
    assert [step.number for step in seen] == [0, 1, 2, 3]
    # DDIM's last step is the clean prediction itself.
    torch.testing.assert_close(made, seen[-1].guided)
    free = diffuse.denoise(network, ids, torch.tensor([24]), [3], steps=1, guidance=0.0)
    torch.testing.assert_close(free, seen[0].free)


def test_a_longer_clip_starts_from_the_same_noise(models: dict[str, Model]) -> None:
    network = models["motion-mamba"].network
    ids = torch.tensor([models["motion-mamba"].vocabulary.ids(TEXT)])
    seen: list[torch.Tensor] = []
    for rows in (20, 40):
        diffuse.denoise(
            network, ids, torch.tensor([rows]), [3], steps=1, watch=lambda s: seen.append(s.noisy)
        )
    assert torch.equal(seen[0], seen[1][:, :20])


def test_what_is_known_stays_when_a_segment_goes_on(models: dict[str, Model]) -> None:
    network = models["kmm"].network
    ids = torch.tensor([models["kmm"].vocabulary.ids(TEXT)])
    first, counts = unmask.unmask(network, ids, torch.tensor([40]), [0], steps=3)
    assert first.shape == (1, 10) and counts.tolist() == [10]
    assert first.min() >= 0 and first.max() < network.shape.codes
    carried = unmask.hand_on(network, first)
    assert torch.equal(carried.codes, first[:, -unmask.CARRIED :])
    on, _ = unmask.unmask(network, ids, torch.tensor([40]), [0], steps=3, carried=carried)
    fresh, _ = unmask.unmask(network, ids, torch.tensor([40]), [0], steps=3)
    assert torch.equal(fresh, first) and not torch.equal(on, first)
    again = unmask.hand_on(network, on, carried)
    assert not torch.equal(again.states[0], carried.states[0])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seconds": 0.2}, "seconds: must be from 1 to 60"),
        ({"seconds": float("nan")}, "seconds: must be from 1 to 60"),
        ({"seconds": 61.0}, "seconds: must be from 1 to 60"),
        ({"seed": -1}, "seed: must be from 0 to 1000000"),
        ({"text": "   "}, "text: must have at least one word"),
        ({"text": "zzzz"}, "text: the model knows none of its words: 'zzzz'"),
        ({"how": How(steps=0)}, "steps: must be from 1 to 200"),
        ({"how": How(guidance=float("nan"))}, "guidance: must be from 0 to 20"),
    ],
)
def test_what_cannot_be_generated(models: dict[str, Model], change: dict, reason: str) -> None:
    given = {"text": TEXT, "seconds": 2.0, "seed": 0, "how": FEW} | change
    with pytest.raises(BadInput, match=reason):
        generate(models["motion-mamba"], **given)


def test_the_evaluator_makes_no_motion(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="model: must be motion-mamba, kmm, transformer"):
        generate(tiny("evaluator", tmp_path), TEXT, 2.0, 0)


@pytest.mark.parametrize("ending", ["npz", "bvh", "glb"])
def test_the_command_writes_what_it_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    model, out = save_tiny("kmm", tmp_path / "kmm"), tmp_path / f"clip.{ending}"
    words = ["--model", str(model), "--text", f"{TEXT} zorro", "--seconds", "3", "--steps", "2"]
    assert main(["motion", "generate", *words, "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["frames"] == 61 and told["fps"] == 20 and told["seconds"] == 3
    assert told["unknown_words"] == {"zorro": ""} and told["out"] == str(out)
    assert told["digest"] == load_model(model).digest
    if ending == "npz":
        seen = measure(load_clip(out).clip.positions)
        assert told["measured"]["turned"] == pytest.approx(seen.turned, abs=1e-3)
    assert out.stat().st_size > 1000


@pytest.mark.parametrize("ending", ["bvh", "glb"])
def test_the_command_writes_bones_as_asked(tmp_path: Path, ending: str) -> None:
    """A network without training makes bones of any length: with moving joints none is lost."""
    model = str(save_tiny("kmm", tmp_path / "kmm"))
    made: dict[str, Clip] = {}
    for name, words in {"joints.npz": [], f"moving.{ending}": ["--moving-joints"],
                        f"rigid.{ending}": ["--no-moving-joints"]}.items():  # fmt: skip
        out = tmp_path / name
        asked = ["--model", model, "--text", TEXT, "--seconds", "2", "--steps", "2", *words]
        assert main(["motion", "generate", *asked, "--out", str(out), "--json"]) == 0
        made[out.stem] = read_again(out.suffix, out.read_bytes())
    assert error_mm(made["joints"], made["moving"]).max() < 0.01
    assert error_mm(made["joints"], made["rigid"]).max() > 1


def test_the_command_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(save_tiny("kmm", tmp_path / "kmm"))
    good = ["--model", model, "--text", TEXT, "--out", str(tmp_path / "x.npz")]
    for words, reason in (
        ([*good, "--seconds", "500"], "seconds: must be from 1 to 60"),
        ([*good[:-1], str(tmp_path / "x.mp4")], "output: must end in"),
        (["--model", "sora", *good[2:]], "model: must be motion-mamba, kmm, transformer"),
        ([*good, "--seed", "x"], "seed: invalid int value"),
    ):
        assert main(["motion", "generate", *words]) == 2
        assert reason in capsys.readouterr().err
    assert not (tmp_path / "x.npz").exists()


def test_the_evaluation_has_the_fields_of_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stored, "SHIPPED", tmp_path / "shipped")
    save_tiny("evaluator", tmp_path / "shipped" / "evaluator")
    save_tiny("transformer", tmp_path / "shipped" / "transformer")
    data = save_recordings(tmp_path / "data", train=4, val=8)
    test = save_recordings(tmp_path / "test", test=8)
    words = ["motion", "evaluate", "--data", str(data), "--model", "transformer", "--steps", "2"]
    assert main([*words, "--split", "val", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["clips"] == 8 and told["action_accuracy"]["unseen"] is None
    assert main([*words, "--split", str(test), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    # The training has every pair of the test split, those called held out as well.
    assert 0 <= told["action_accuracy"]["seen"] <= 1 and told["action_accuracy"]["unseen"] is None
    assert told["pairs"]["seen_by"] == "training clips" and told["pairs"]["held_out_but_seen"]
    assert 0 <= told["style_accuracy"] <= 1
    assert set(told["checks"]) == {"turn_sign", "hand_side", "direction"}
    for name in ("lab_fid", "jerk", "skate"):
        assert told[name] >= 0
    assert told["nn_distance"]["median_m"] > 0
    assert main([*words, "--split", "nowhere"]) == 2
    assert "there is no split 'nowhere'" in capsys.readouterr().err
    # A folder with nothing but a test split: copies are looked for in the lab's own data.
    monkeypatch.setenv("ENGRAM_SHARED_DATA", str(tmp_path / "none"))
    words[3] = str(test)
    assert main([*words, "--split", "test", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["nn_distance"] is None and told["pairs"]["seen_by"] == "label of the data"
    assert 0 <= told["action_accuracy"]["unseen"] <= 1


def test_commands_refuse_numbers_out_of_range() -> None:
    with pytest.raises(BadInput, match="clips: must be at least 1"):
        commands_models.evaluate(["--data", "x", "--clips", "0"])
    with pytest.raises(BadInput, match="seed: must be from 0"):
        commands_models.evaluate(["--data", "x", "--seed", "-3"])


def test_a_single_clip_has_no_diversity() -> None:
    assert diversity(np.zeros((1, 4)), np.random.default_rng(0)) is None


def test_feet_in_contact_hold_the_floor() -> None:
    clip = examples()[0].rows[:60].astype(np.float64)
    slid = clip.copy()
    slid[:, ROOT.start] += 0.03  # the whole body slides while its feet say that they stand
    slid[:, CONTACT] = 1
    held = anchor_feet(slid)
    assert skate(decode(held)) < skate(decode(slid))
    np.testing.assert_array_equal(held[:, LOCAL], slid[:, LOCAL])
    free = slid.copy()
    free[:, CONTACT] = 0
    np.testing.assert_array_equal(anchor_feet(free), free)
