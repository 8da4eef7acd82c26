"""The memory lens and the retention view without a browser: links, sentences, bad settings."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")
LENS = {"motion.view": "lens"}
RETENTION = {"motion.view": "retention"}


def test_the_frame_of_the_link_is_told_in_every_figure() -> None:
    app = visit("motion", **LENS, **{"motion.frame": "60", "motion.reader": "1"})
    titles = _titles(app)
    assert "What frames 60 to 63 read in every layer" in titles
    assert "row: what frames 60 to 63 read of each frame" in titles


def test_the_erased_frames_of_the_link_are_erased() -> None:
    app = visit("motion", **LENS, **{"motion.erased": "40"})
    said = texts(app)
    told = re.search(r"Without frames 40 to 43 a joint moves by ([\d.]+) (mm|cm) in earlier", said)
    assert told and float(told[1]) > 0
    assert "Without frames 40 to 43" in _titles(app)
    [slider] = [one for one in app.slider if one.key == "motion.erased"]
    assert slider.value == 40


def test_the_matrix_is_said_to_be_exact_and_attention_to_be_another_thing() -> None:
    scan = visit("motion", **LENS, **{"motion.reader": "0"})
    assert "Nothing here is estimated" in texts(scan)
    places = {
        name: at for at, name in enumerate(scan.selectbox(key="motion.reader#choice").options)
    }
    attention = next(at for name, at in places.items() if "attention" in name)
    app = visit("motion", **LENS, **{"motion.reader": str(attention)})
    assert "Nothing here is estimated" not in texts(app)
    assert "another thing" in texts(app)


def test_the_claim_of_key_frames_stands_beside_what_was_measured() -> None:
    said = texts(visit("motion", **LENS))
    assert "Key frames less random ones" in said
    assert re.search(r"Here (it shows|the opposite shows|it does not show)", said)
    assert "not trained with masked key frames" in said


def test_the_data_is_credited_where_its_motion_is_shown() -> None:
    for view in (LENS, RETENTION):
        assert "Bandai Namco Research Inc., CC BY-NC 4.0" in texts(visit("motion", **view))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("motion.frame", "99999"),
        ("motion.erased", "13"),
        ("motion.erased", "-4"),
        ("motion.reader", "77"),
        ("motion.shown", "nothing"),
        ("motion.times", "3"),
    ],
)
def test_a_choice_that_is_not_there_is_let_go(name: str, value: str) -> None:
    app = visit("motion", **LENS, **{name: value})
    assert not app.warning
    assert app.get("plotly_chart")


def test_a_step_before_the_first_gets_one_sentence_and_the_figures_stay() -> None:
    app = visit("motion", **LENS, **{"motion.steps": "5", "motion.before_end": "9"})
    assert len(app.warning) == 1 and "Steps before the end" in app.warning[0].value
    assert app.get("plotly_chart")


def test_other_step_sizes_and_their_frame_are_part_of_the_link() -> None:
    app = visit("motion", **RETENTION, **{"motion.factor": "0", "motion.frame": "40"})
    titles = _titles(app)
    assert "What is left of frames 40 to 43" in titles
    assert "\\u00f7 16" in titles or "÷ 16" in titles  # the ladder's mark


def test_a_transformer_has_no_retention_and_the_figures_stay() -> None:
    app = visit("motion", **RETENTION, **{"motion.model": "transformer"})
    assert any("has no state" in one.value for one in app.warning)
    assert app.get("plotly_chart")


def _titles(app: AppTest) -> str:
    return " ".join(chart.proto.spec for chart in app.get("plotly_chart"))
