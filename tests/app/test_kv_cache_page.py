"""The KV-cache page without a browser: views, presets, links in, and bad ones."""

from __future__ import annotations

import re

import pytest

from engine.core import Preset, get_lab
from pages.kit.links import preset_query
from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")

VIEWS = {
    "map": "token by channel",
    "pareto": "Bits against damage",
    "drift": "Next-token drift",
    "microscope": "Block microscope",
    "ordering": "Ordering workbench",
    "sensitivity": "A policy under a byte budget",
    "positions": "Damage by position",
    "streaming": "Scale-up calculator",
}
LAB = get_lab("kv_cache")


@pytest.mark.parametrize(("view", "heading"), VIEWS.items())
def test_every_view_shows_its_shipped_result(view: str, heading: str) -> None:
    app = visit("kv_cache", **{"kv_cache.view": view})
    assert any(heading in header.value for header in app.header)
    assert not app.warning
    assert "have not been computed" not in texts(app)
    if view != "microscope":
        assert app.get("plotly_chart")


@pytest.mark.parametrize("preset", LAB.presets, ids=lambda preset: preset.name)
def test_every_preset_opens_on_a_result(preset: Preset) -> None:
    app = visit("kv_cache", **preset_query(LAB, preset))
    assert not app.warning
    assert "have not been computed" not in texts(app)
    view = preset.page["view"]
    assert any(VIEWS[view] in header.value for header in app.header)


def test_a_link_sets_format_order_and_head() -> None:
    app = visit(
        "kv_cache",
        **{
            "kv_cache.key_format": "int4:token:head",
            "kv_cache.order": "across-heads:rms-post",
            "kv_cache.layer": "1",
            "kv_cache.head": "1",
        },
    )
    assert "int4:token:head" in texts(app)
    assert any("layer 1" in header.value for header in app.header)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("kv_cache.key_format", "bfp99:b32", "Key format"),
        ("kv_cache.order", "upside-down", "order"),
        ("kv_cache.tokens", "5", "Tokens"),
        ("kv_cache.text", "/etc/passwd", "Text"),
        ("kv_cache.model", "/etc", "model"),
        ("kv_cache.model", "owner/name", "ENGRAM_ALLOW_DOWNLOADS"),
        ("kv_cache.key_format", "<img src=x onerror=1>", "Key format"),
    ],
)
def test_a_bad_value_gets_one_sentence_and_figures_stay(name: str, value: str, words: str) -> None:
    app = visit("kv_cache", **{name: value})
    said = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    assert words.lower() in said.lower()


def test_the_head_in_a_link_is_clamped_to_the_model() -> None:
    app = visit("kv_cache", **{"kv_cache.layer": "99", "kv_cache.head": "-3"})
    last = int(app.query_params["kv_cache.layer"][0])
    assert last < 99


def test_values_have_their_own_measures() -> None:
    app = visit("kv_cache", **{"kv_cache.side": "value", "kv_cache.metric": "logit_error"})
    assert "Relative RMSE of the values" in texts(app)


def test_a_synthetic_head_has_no_loss() -> None:
    query = {"kv_cache.source": "synthetic", "kv_cache.view": "pareto"}
    app = visit("kv_cache", **query)
    assert "belongs to no model" in texts(app)


def test_two_settings_stand_side_by_side_with_their_difference() -> None:
    query = {"kv_cache.compare": "true", "kv_cache.b.key_format": "bfp16:b32"}
    app = visit("kv_cache", **query)
    said = texts(app)
    assert "for B; B is larger in 0 of" in said
    assert not app.warning


def test_a_bad_format_is_said_once() -> None:
    app = visit("kv_cache", **{"kv_cache.key_format": "bfp99:b32"})
    assert len(app.warning) == 1


def test_every_term_is_defined_at_most_once_and_where_it_first_appears() -> None:
    app = visit("kv_cache")
    tips = [element.help for element in app.markdown if element.help]
    told = "\n".join(tips)
    assert "**KV head**: " in tips[0]
    for term in LAB.terms:
        assert told.count(f"**{term}**: ") <= 1
    assert told.count("**: ") >= 6


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"\xff\xfe\x00\x01", "UTF-8"), (b"   \n ", "empty"), (b"a\x00b", "")],
)
def test_a_bad_upload_is_refused_beside_its_widget_and_the_text_stays(
    data: bytes, words: str
) -> None:
    app = visit("kv_cache")
    app.file_uploader[0].upload("mine.txt", data, "text/plain").run()
    said = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    assert len(app.warning) == 1 and "file" in said.lower() and words in said
    assert "256 tokens" in texts(app)
    app.file_uploader[0].upload("mine.txt", b"A story with words. " * 400, "text/plain").run()
    assert not app.warning
    assert "Your own: mine.txt" in next(b for b in app.selectbox if b.label == "Text").options


@pytest.mark.parametrize("order", ["none", "pairs:rms-post", "across-heads:rms-post"])
def test_the_check_is_of_the_order_on_the_page(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.panels.kv_cache import ordering

    asked = []
    obtain = ordering.obtain

    def remember(lab, experiment, config):
        asked.append(config.order)
        return obtain(lab, experiment, config)

    monkeypatch.setattr(ordering, "obtain", remember)
    app = visit("kv_cache", **{"kv_cache.view": "ordering", "kv_cache.order": order})
    named = "in-head:w-norm" if order == "none" else order
    assert asked == [named]
    assert f"**{named}** is applied" in texts(app)


def test_exact_tokens_lower_the_error_of_the_map() -> None:
    first = visit("kv_cache")
    kept = visit("kv_cache", **{"kv_cache.sinks": "64", "kv_cache.residual": "128"})

    def median(app) -> float:
        said = next(m.value for m in app.markdown if m.value.startswith("Relative RMSE of the"))
        return float(re.search(r"median (\S+) over", said)[1])

    assert median(kept) < 0.8 * median(first)


def test_the_report_holds_the_maps_too() -> None:
    kept = visit("kv_cache").session_state["#figures"]
    assert {"kv_cache_head_map", "kv_cache_stored", "kv_cache_error_0", "kv_cache_kl"} <= set(kept)
    for figure, alt in kept.values():
        drawn = figure() if callable(figure) else figure
        assert drawn.data and alt


def exports(app) -> set[str]:
    """The figures that one can take away as numbers, by the key of their button."""
    keys = (button.proto.id for button in app.get("download_button"))
    return {key.rpartition("-")[2].removesuffix("#csv") for key in keys if key.endswith("#csv")}


def test_the_next_token_and_both_compared_maps_can_be_taken_away() -> None:
    app = visit("kv_cache", **{"kv_cache.view": "drift"})
    assert {"kv_cache_drift", "kv_cache_next"} <= exports(app)
    query = {"kv_cache.compare": "true", "kv_cache.b.key_format": "bfp16:b32"}
    app = visit("kv_cache", **query)
    assert {"kv_cache_compare", "kv_cache_difference"} <= exports(app)
    figure, alt = app.session_state["#figures"]["kv_cache_compare"]
    assert "for A" in alt and figure().data


def test_setting_b_has_a_heading_labels_and_a_run_of_its_own() -> None:
    query = {"kv_cache.compare": "true", "kv_cache.b.key_format": "bfp16:b32"}
    app = visit("kv_cache", **query)
    said = texts(app)
    assert "**Setting B**" in said
    assert "has not been measured on these windows" in said
    labels = [box.label for box in app.selectbox if box.key]
    assert {"Key format", "B: Key format", "B: Value format", "B: Key channel order"} <= set(labels)
    assert len(labels) == len(set(labels))


def test_a_bad_format_of_b_is_said_to_be_of_b() -> None:
    app = visit("kv_cache", **{"kv_cache.compare": "true", "kv_cache.b.key_format": "bfp99:b32"})
    assert [warning.value.replace("\\", "")[:13] for warning in app.warning] == ["B: Key format"]


def test_the_compared_damage_has_short_columns() -> None:
    app = visit("kv_cache", **{"kv_cache.compare": "true"})
    tables = [list(table.value.columns) for table in app.dataframe]
    assert ["Measure", "A", "B", "B - A"] in tables
    assert "A: keys bfp12:b32, values fp16." in texts(app)


def test_an_exact_token_loses_nothing_under_the_microscope() -> None:
    query = {"kv_cache.view": "microscope", "kv_cache.key_format": "bfp10:b32"}
    rounded = visit("kv_cache", **query)
    assert "kept in fp16" not in texts(rounded)
    kept = visit("kv_cache", **query, **{"kv_cache.sinks": "4"})
    assert "Token 0 is kept in fp16" in texts(kept)
    assert "would be lost" in texts(kept)
    findings = [app.session_state["#figures"]["kv_cache_block"][1] for app in (rounded, kept)]
    assert not findings[0].startswith("0 of")
    assert findings[1].startswith("0 of")
    later = visit("kv_cache", **query, **{"kv_cache.sinks": "4", "kv_cache.token": "9"})
    assert "kept in fp16" not in texts(later)


def test_the_streaming_view_says_whose_formats_stand_on_the_left() -> None:
    assert "key and a value format of its own" in texts(
        visit("kv_cache", **{"kv_cache.view": "streaming"})
    )
    assert "key and a value format of its own" not in texts(visit("kv_cache"))
