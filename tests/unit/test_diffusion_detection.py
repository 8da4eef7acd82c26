"""The runs of the rail and of detection on untrained models, their refusals and their sentences."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, Field, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.diffusion import copying
from engine.labs.diffusion.config import DetectionConfig, ScoresConfig
from engine.labs.diffusion.detect.methods import METHODS, early, special_layer
from engine.labs.diffusion.detect.reading import offered, scores
from engine.labs.diffusion.detection import detection
from engine.labs.diffusion.scores import scores as rail
from engine.labs.diffusion.views import detection as views
from engine.labs.diffusion.views import detection_table as table
from engine.labs.diffusion.views import scores as rails
from engine.labs.diffusion.views import scores_step
from engine.labs.diffusion.views.detection_words import findings
from engine.store import Store
from tests.diffusion_models import save_latent, save_patches

PALETTE = Palette.light()
LAB = get_lab("diffusion")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("models") / "patches")


@pytest.fixture(scope="module")
def latent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_latent(tmp_path_factory.mktemp("models") / "latent")


@pytest.fixture(scope="module")
def railed(model: Path) -> Result:
    config = ScoresConfig.build(model=str(model), shown=2, skip=1, steps=3)
    return rail(config, QuietContext())


@pytest.fixture(scope="module")
def detected(model: Path) -> Result:
    config = DetectionConfig.build(
        model=str(model), copied="A", against="unseen,scenes", most=4, seeds=4, steps=2
    )
    return detection(config, QuietContext())


def own(lines: str, name: str = "own.txt") -> str:
    return Store.open().inputs.put(lines.encode(), name)


def test_a_rail_holds_scores_pictures_and_what_they_are_close_to(railed: Result) -> None:
    assert railed.array("wen").shape == (2, 3) and railed.array("ordinary_wen").shape == (24, 3)
    assert railed.notes["trained"] == [True, True]
    where = railed.array("where")
    norms = np.sqrt((where.astype(float) ** 2).sum((2, 3)))
    np.testing.assert_allclose(norms, railed.array("wen"), rtol=1e-4, atol=1e-7)
    target, preview = railed.array("target"), railed.array("previews")
    for step in range(3):
        slow = copying.ssim(preview[:, step], target)
        np.testing.assert_allclose(railed.array("ssim")[:, step], slow, atol=1e-3)  # 64 levels
    near = railed.array("training")[railed.array("nearest")]
    np.testing.assert_allclose(
        railed.array("ssim_nearest")[:, 0], copying.ssim(preview[:, 0], near[:, 0]), atol=1e-3
    )


def test_a_rail_without_training_pictures_has_scores_alone(latent: Path) -> None:
    prompts = own("a red fox\na blue cup")
    config = ScoresConfig.build(
        model=str(latent), prompts=prompts, ordinary=prompts, steps=2, shown=2
    )
    result = rail(config, QuietContext(Store.open().inputs.get))
    assert "ssim" not in result.fields and "nearest" not in result.fields
    assert result.array("where").shape[2:] == (8, 8)
    grid = scores_step.predictions(result, PALETTE, prompt=0, step=1)
    assert grid.shape == (2, 3)
    assert scores_step.known_pictures(result, prompt=0, step=0).shape == (1, 1)
    assert rails.compared(result) == {}
    np.testing.assert_array_equal(rails.ratios(result, "wen").mean(0).round(4), [1, 1])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"skip": 8}, "skip", "below 8"),
        ({"prompts": "nobody.txt"}, "prompts", "not a file|does not exist|no such file|there is"),
    ],
)
def test_a_rail_refuses_what_it_cannot_show(
    model: Path, change: dict[str, object], field: str, words: str
) -> None:
    config = ScoresConfig.build(model=str(model), steps=1, **change)
    with pytest.raises(BadInput, match=words) as caught:
        rail(config, QuietContext())
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"shown": 0}, "shown"),
        ({"shown": 9}, "shown"),
        ({"steps": 101}, "steps"),
        ({"guidance": -1}, "guidance"),
        ({"seed": 10_000}, "seed"),
        ({"prompts": ""}, "prompts"),
    ],
)
def test_settings_of_the_rail_have_bounds(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        ScoresConfig.build(**change)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"copied": "A,Z"}, "copied", "names of sets"),
        ({"against": ""}, "against", "names of sets"),
        ({"copied": "A", "against": "A,scenes"}, "against", r"must hold no copied set \(A\)"),
        ({"most": 1}, "most", "2"),
        ({"seeds": 0}, "seeds", "1"),
        ({"seeds": 11}, "seeds", "10"),
    ],
)
def test_settings_of_detection_have_bounds(
    change: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        DetectionConfig.build(**change)
    assert caught.value.field == field


def test_own_prompts_are_admitted_checked_and_may_be_absent() -> None:
    DetectionConfig.build().admit(local=False)
    with pytest.raises(BadInput, match="own_copied"):
        DetectionConfig.build(own_copied="/etc/passwd").admit(local=False)
    few = DetectionConfig.build(own_ordinary=own("one\ntwo\nthree"))
    with pytest.raises(BadInput, match="needs at least 4 prompts"):
        few.fits(Store.open().inputs.get)
    binary = DetectionConfig.build(own_copied=Store.open().inputs.put(b"\x00\x01", "x.txt"))
    with pytest.raises(BadInput, match="own_copied"):
        binary.fits(Store.open().inputs.get)


def test_scenes_cannot_be_called_copied(model: Path) -> None:
    config = DetectionConfig.build(model=str(model), copied="scenes", against="unseen", steps=1)
    with pytest.raises(BadInput, match="never trained"):
        detection(config, QuietContext())


def test_detection_tests_no_reference_prompt(detected: Result) -> None:
    assert [row["prompts"] for row in detected.notes["classes"]] == [4, 4, 4]
    assert detected.array("wen").shape == (12, 4, 2)
    assert detected.notes["reference_families"].count("paintings") == 24
    assert detected.notes["reference_families"].count("scenes") == 12
    assert len(set(detected.notes["prompts"])) == 12


def test_own_prompts_on_a_latent_pipeline_go_the_same_way(latent: Path) -> None:
    config = DetectionConfig.build(
        model=str(latent),
        own_copied=own("the cat\nthe hat"),
        own_ordinary=own("\n".join(f"prompt {at}" for at in range(9))),
        seeds=2,
        steps=2,
    )
    result = detection(config, QuietContext(Store.open().inputs.get))
    assert [row["prompts"] for row in result.notes["classes"]] == [2, 7]
    assert result.array("reference_wen").shape == (2, 2)
    assert "copies" not in result.fields and "edges" not in offered(result)
    for method in offered(result):
        assert f"auc {method} your ordinary prompts" in result.metrics
    assert any("Across" not in sentence for sentence in findings(result))


@pytest.mark.shared
def test_the_captions_of_stable_diffusion_are_read_as_own_prompts(
    latent: Path, shared_data: Path
) -> None:
    rows = (shared_data / "diffusion" / "sd14_memorized_500.jsonl").read_text("utf-8")
    captions = [json.loads(line)["caption"] for line in rows.splitlines()]
    nobody = (shared_data / "diffusion" / "memattn_nomem500.txt").read_text("utf-8")
    config = DetectionConfig.build(
        model=str(latent),
        own_copied=own("\n".join(" ".join(one.split()) for one in captions)),
        own_ordinary=own(nobody),
        most=3,
        seeds=1,
        steps=1,
    )
    config.admit(local=True)
    config.fits(Store.open().inputs.get)
    result = detection(config, QuietContext(Store.open().inputs.get))
    assert [row["prompts"] for row in result.notes["classes"]] == [3, 3]
    assert result.notes["prompts"][0] == " ".join(captions[0].split())
    assert result.array("reference_wen").shape == (24, 1)
    assert np.isfinite(result.array("wen")).all()


def test_a_foreign_model_needs_prompts_of_its_own(latent: Path) -> None:
    with pytest.raises(BadInput, match="belongs to the embedded models"):
        detection(DetectionConfig.build(model=str(latent), steps=1), QuietContext())


def test_scores_are_their_rules_by_hand(detected: Result) -> None:
    wen, update = detected.array("wen"), detected.array("update")
    entropy, padding = detected.array("entropy"), detected.array("padding")
    reference = detected.array("reference_wen").astype(float)
    np.testing.assert_allclose(scores(detected, "wen_first"), wen[:, :, 0], rtol=1e-6)
    np.testing.assert_allclose(scores(detected, "wen_all"), wen.mean(2), rtol=1e-5)
    first, scenes = 0, 11  # of set A and of the scenes
    own_family = np.array(detected.notes["reference_families"]) == "scenes"
    np.testing.assert_allclose(
        scores(detected, "wen_all", "family")[scenes],
        (wen[scenes] / reference[own_family].mean(0)).mean(1),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        scores(detected, "wen_all", "all")[first], (wen[first] / reference.mean(0)).mean(1),
        rtol=1e-5,
    )  # fmt: skip
    updates = detected.array("reference_update").astype(float)
    away = np.abs(update[first] - updates.mean(0)) / updates.std(0, ddof=1)
    np.testing.assert_allclose(scores(detected, "update")[first], away.mean(1), rtol=1e-4)
    slow = entropy[first, 1, -1] + padding[first, 1, -1] - padding[first, 1, 0]
    assert scores(detected, "ren_d")[first, 1] == pytest.approx(slow, rel=1e-5)
    assert (early(20), early(50), early(2)) == (4, 10, 1)
    assert (special_layer(16), special_layer(2)) == (3, 1)


@cache
def separated(gap: float) -> Result:
    """A result in which Wen's score of a copied prompt is ``gap`` higher at every step."""
    classes = [
        {"name": "A", "copied": True, "family": "paintings", "prompts": 24},
        {"name": "unseen", "copied": False, "family": "paintings", "prompts": 24},
        {"name": "scenes", "copied": False, "family": "scenes", "prompts": 24},
    ]
    draw = np.random.default_rng(0)
    kind = np.repeat(np.arange(3), 24)
    wen = draw.uniform(1, 2, (72, 2, 5)) + gap * (kind == 0)[:, None, None]
    wen += 10 * (kind == 2)[:, None, None]
    other = draw.uniform(1, 2, (72, 2, 5))
    reference = np.concatenate([draw.uniform(1, 2, (12, 5)), draw.uniform(11, 12, (12, 5))])
    stepped = ("prompt", "seed", "step")
    return Result(
        {
            "class": Field(kind, ("prompt",)),
            "wen": Field(wen, stepped),
            **{name: Field(other, stepped) for name in ("update", "entropy", "padding")},
            "layers": Field(other, ("prompt", "seed", "layer")),
            "white_box": Field(wen[:, :, 0], ("prompt", "seed")),
            "copies": Field(np.where(kind == 0, 0.9, 0.1)[:, None].repeat(2, 1), stepped[:2]),
            "reference_wen": Field(reference, ("reference", "step")),
            **{
                f"reference_{name}": Field(reference, ("reference", "step"))
                for name in ("update", "entropy", "padding", "layers")
            },
            "reference_white_box": Field(reference[:, 0], ("reference",)),
        },
        {},
        {
            "classes": classes,
            "families": ["paintings", "scenes"],
            "reference_families": ["paintings"] * 12 + ["scenes"] * 12,
            "copies": True,
        },
    )


def test_the_words_follow_the_numbers() -> None:
    apart = " ".join(findings(separated(5.0)))
    assert "Within one family of captions Wen's score of step 1 alone detects" in apart
    assert "Across families of captions Wen's score of step 1 alone orders them the wrong" in apart
    assert "Over the mean of its own family it has 1.000" in apart
    assert "24 of 24 copied prompts, 0 of 24 unseen titles, 0 of 24 scenes" in apart
    same = " ".join(findings(separated(0.0)))
    assert "Within one family of captions Wen's score of step 1 alone does not reliably" in same
    assert "Negative result" in same
    far = " ".join(findings(separated(50.0)))
    assert "Across families of captions Wen's score of step 1 alone detects" in far


def test_the_twin_is_called_a_control() -> None:
    result = separated(0.0)
    twin = replace(result, notes={**result.notes, "copies": False})
    told = " ".join(findings(twin))
    assert "are a control" in told and "reverse of what was published" not in told
    loud = replace(separated(5.0), notes=twin.notes)
    assert "Although nothing was copied" in " ".join(findings(loud))
    assert "Wen, step 1 against unseen titles 1.000" in " ".join(findings(loud))


def test_the_verdict_names_chance_order_and_its_reverse() -> None:
    choice = views.Choice(against=("unseen",))
    assert "includes 0.5" in views.describe_area(separated(0.0), choice)
    assert "No pair is out of order" in views.describe_area(separated(5.0), choice)
    wrong = views.describe_area(separated(0.0), replace(choice, against=("scenes",)))
    assert "wrong way round" in wrong


def test_a_threshold_is_told_in_prompts_and_rates_that_cannot_be_are_not() -> None:
    choice = views.Choice(against=("unseen",))
    found = views.groups(separated(5.0), choice)
    flagged = views.default_flagged(found)
    assert flagged == 25  # all copied ones and one in twenty of 24
    words = views.describe_threshold(separated(5.0), choice, 24)
    assert "flags 24 of 24 copied and 0 of 24 ordinary" in words
    assert views.describe_threshold(separated(5.0), choice, 0) == "Nothing is flagged."
    rates = [row["True positive rate"] for row in views.rate_rows(separated(5.0), choice)]
    assert rates == ["needs 100 ordinary prompts, has 24", "needs 33 ordinary prompts, has 24",
                     "1.000", "1.000"]  # fmt: skip


def test_every_figure_says_its_axes(railed: Result, detected: Result) -> None:
    figures = [rails.draw_similarity(railed, PALETTE, prompt=0, step=1)]
    for name in ("", *rails.RAIL):
        figures.append(rails.draw_rail(railed, PALETTE, prompt=1, step=2, name=name))
    for method in METHODS:
        choice = views.Choice(method, scale="family")
        figures.append(views.draw_roc(detected, PALETTE, choice=choice, flagged=3))
        figures.append(views.draw_classes(detected, PALETTE, choice=choice, flagged=3))
    figures.append(table.draw_by_step(detected, PALETTE, choice=views.Choice(), name="wen"))
    figures.append(table.draw_by_layer(detected, PALETTE, choice=views.Choice(average="first")))
    for figure in figures:
        assert check_axes(figure) == []


def test_the_rail_is_told_step_by_step(railed: Result) -> None:
    wen = railed.array("wen")[0]
    ordinary = railed.array("ordinary_wen")
    above = int((wen > ordinary.max(0)).sum())
    words = rails.describe_score(railed, "wen", 0)
    assert ("above all 24" in words) == (above > 0)
    made = Field(np.full((2, 3), 1e9), ("prompt", "step"))
    loud = replace(railed, fields={**railed.fields, "wen": made})
    assert rails.describe_score(loud, "wen", 0) == (
        "Wen's score lies above all 24 ordinary prompts at steps 1 to 3."
    )
    quiet = replace(railed, fields={**railed.fields, "wen": Field(-made.array, made.axes)})
    assert "below all of them at steps 1 to 3" in rails.describe_score(quiet, "wen", 0)
    strip = scores_step.filmstrip(railed, 0)
    assert strip.shape == (1, 3) and f"{railed.array('ssim')[0, 0]:.2f}" == strip.line(0, 0)


def test_a_long_filmstrip_has_rows_and_every_frame_its_step(railed: Result) -> None:
    previews = np.arange(23, dtype=np.uint8)[None, :, None, None, None]
    axes = railed["previews"].axes
    pictures = Field(np.tile(previews, (1, 1, 8, 8, 3)), axes)
    similar = Field(np.linspace(0, 1, 23)[None], ("prompt", "step"))
    long = replace(railed, fields={**railed.fields, "previews": pictures, "ssim": similar})
    strip = scores_step.filmstrip(long, 0)
    assert strip.shape == (3, 10)
    for step in range(23):
        place = scores_step.frame_of(step, 23)
        assert scores_step.step_of(place, 23) == step
        assert strip.here(*place) and (strip.pictures[place] == step).all()
        assert strip.line(*place) == f"{similar.array[0, step]:.2f}"
        assert (strip.mark(*place) == "extracted") == (similar.array[0, step] > 0.7)
    assert not strip.here(2, 3)


def test_costs_grow_with_what_is_asked() -> None:
    experiment = LAB.experiment("detection")
    one, more = DetectionConfig.build(), DetectionConfig.build(seeds=8)
    assert experiment.cost_seconds(more) > experiment.cost_seconds(one) > 10
    foreign = DetectionConfig.build(model="owner/name")
    assert experiment.cost_seconds(foreign) > 100 * experiment.cost_seconds(one)
    rail_cost = LAB.experiment("scores").cost_seconds
    assert rail_cost(ScoresConfig.build(steps=100)) > rail_cost(ScoresConfig.build())


def test_what_a_page_imports_loads_no_model_library() -> None:
    code = (
        "import sys, engine.labs.diffusion, engine.labs.diffusion.views.scores_step;"
        "import engine.labs.diffusion.views.detection_words;"
        "print(sorted({'torch', 'diffusers', 'transformers', 'scipy', 'streamlit'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
