"""The views of the attack, of a written picture and of border keys, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.core import get_lab
from engine.core.context import QuietContext
from engine.labs.diffusion import honesty, keys, starts, writing
from engine.labs.diffusion.config import KeysConfig
from engine.labs.diffusion.model.load import load_pipeline
from engine.store import Store
from tests.app.test_pages import texts, visit
from tests.diffusion_models import save_patches
from tests.security.test_html import PAYLOAD, check

pytestmark = pytest.mark.usefixtures("runner_off")
LAB = get_lab("diffusion")
# Settings that nobody ships: what stands under them is an untrained model's small result.
OWN: Mapping[str, Mapping[str, Any]] = {
    "honesty": {"search_seed": 7, "pictures": 2, "search_steps": 3, "draws": 1},
    "starts": {"search_seed": 7, "search_steps": 3},
    "writing": {"write_seed": 7, "ranks": "2", "write_steps": 10},
    "keys": {"per_rung": 2, "key_draws": 1},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    model = str(save_patches(tmp_path_factory.mktemp("models") / "one"))
    context = QuietContext()
    values = {name: {**own, "model": model} for name, own in OWN.items() if name != "keys"}
    configs = {name: LAB.experiment(name).config.build(own) for name, own in values.items()}
    small = KeysConfig.build(OWN["keys"])
    return {
        "honesty": honesty.honesty(configs["honesty"], context),  # type: ignore[arg-type]
        "starts": starts.starts(configs["starts"], context),  # type: ignore[arg-type]
        "writing": writing.writing(configs["writing"], context),  # type: ignore[arg-type]
        "keys": keys.ask_keys(load_pipeline(model), small, context),
    }


def opened(name: str, results: Mapping[str, Any], **more: str) -> Any:
    """The view with its small results in the store."""
    for one in (name, *(["starts"] if name == "honesty" else [])):
        experiment = LAB.experiment(one)
        digest = experiment.digest("diffusion", experiment.config.build(OWN[one]))
        Store.open().results.save(digest, results[one], {"lab": "diffusion", "experiment": one})
    given = {f"diffusion.{field}": str(value) for field, value in OWN[name].items()}
    return visit("diffusion", **{"diffusion.view": name}, **given, **more)


def warnings(app: Any) -> list[str]:
    return [warning.value.replace("\\", "") for warning in app.warning]


def test_the_attack_shows_its_controls_and_a_verdict(results: Mapping[str, Any]) -> None:
    app = opened("honesty", results)
    said = texts(app)
    for case in results["honesty"].notes["cases"]:
        assert f"{case}: " in said
    assert "third-party note" not in said  # figures that nobody here read
    assert "Masks of embeddings that were found for one copied picture agree by" in said
    assert len(app.get("plotly_chart")) == 4 and not app.warning
    assert "deleted" not in said.lower()


def test_a_picture_of_the_attack_is_in_the_link(results: Mapping[str, Any]) -> None:
    prompts = results["honesty"].notes["prompts"]["copied"]
    assert prompts[0] in texts(opened("honesty", results))
    app = opened("honesty", results, **{"diffusion.attacked": "1"})
    assert prompts[1] in texts(app) and prompts[0] not in texts(app)
    app = opened("honesty", results, **{"diffusion.attacked": "99"})
    assert prompts[0] in texts(app)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mask", "/etc/passwd", "bring the file again"),
        ("mask", "input:0123456789abcdef", "bring the file again"),
        ("sets", "A,nobody", "must be names of sets"),
        ("sets", PAYLOAD, "must be names of sets"),
    ],
)
def test_a_bad_setting_of_the_attack_gets_one_sentence(name: str, value: str, words: str) -> None:
    view = {"diffusion.view": "honesty"}
    app = visit("diffusion", **view, **{f"diffusion.{name}": value})
    assert len(warnings(app)) == 1 and words in warnings(app)[0]
    check(app)


def test_a_file_that_is_no_mask_is_refused_on_the_page() -> None:
    address = Store.open().inputs.put(b"\x80\x04 a pickle", f"{PAYLOAD}.safetensors")
    app = visit("diffusion", **{"diffusion.view": "honesty", "diffusion.mask": address})
    assert len(warnings(app)) == 1
    assert "Mask file: not a safetensors file" in warnings(app)[0]
    check(app)


def test_writing_shows_recall_damage_and_the_model_without(results: Mapping[str, Any]) -> None:
    app = opened("writing", results)
    said = texts(app)
    assert results["writing"].notes["prompt"] in said
    assert "The model without its addition is what it was before" in said
    assert "Other never-trained titles show the new picture in" in said
    assert len(app.get("plotly_chart")) == 2 and not app.warning


def test_a_picture_of_another_size_is_refused_on_the_page() -> None:
    from tests.unit.test_diffusion_writing import png

    address = Store.open().inputs.put(png(64, 48), f"{PAYLOAD}.png")
    app = visit("diffusion", **{"diffusion.view": "writing", "diffusion.picture": address})
    assert warnings(app) == ["Your picture: must be exactly 32 x 32 pixels (got 64 x 48)."]
    check(app)


def test_keys_show_every_rung_with_its_control(results: Mapping[str, Any]) -> None:
    app = opened("keys", results)
    said = texts(app)
    assert "With 100 copies, by what the model is given" in said
    assert "The control: for never-trained pictures the error is" in said
    assert len(app.get("plotly_chart")) == 2 and not app.warning
