"""What every view of the KV-cache page shares: the tensors, the setting, the chosen head."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import streamlit as st

from engine.core import Experiment, Lab, Result, get_lab
from engine.labs.kv_cache.analysis import Metric, Setting, Side, head_errors
from engine.labs.kv_cache.config import EvaluateConfig
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.orders_grammar import parse_order
from pages.kit import Obtained, choose, form, linked, obtain, select

Source = Literal["model", "synthetic"]
SOURCES: dict[Source, str] = {"model": "Model", "synthetic": "Synthetic"}
SIDES: dict[Side, str] = {"key": "Keys", "value": "Values"}


@dataclass(frozen=True)
class Scene:
    """The tensors on the page and how they are stored."""

    lab: Lab
    source: Source
    experiment: Experiment
    obtained: Obtained
    address: str
    settings: EvaluateConfig
    other: EvaluateConfig | None
    side: Side
    layer: int
    head: int

    def stored_as(self, settings: EvaluateConfig) -> Setting:
        """How the chosen side is stored under ``settings``; values keep their order."""
        kept = settings.sinks, settings.residual
        if self.side == "value":
            return Setting(parse_format(settings.value_format), parse_order("none"), *kept)
        return Setting(parse_format(settings.key_format), parse_order(settings.order), *kept)

    @property
    def capture(self) -> Result:
        """The tensors: what the experiment behind the page gave."""
        assert self.obtained.result is not None
        return self.obtained.result

    @property
    def setting(self) -> Setting:
        """How the chosen side is stored."""
        return self.stored_as(self.settings)

    @property
    def key_setting(self) -> Setting:
        """How keys are stored."""
        return replace(self, side="key").setting

    @property
    def head_dim(self) -> int:
        """Channels of one head."""
        return self.capture["v"].size("channel")

    @property
    def tokens(self) -> list[str]:
        """The captured tokens as text; empty for the synthetic head."""
        return list(self.capture.notes.get("tokens", ()))

    def errors(self, setting: Setting, side: Side, metric: Metric) -> np.ndarray:
        """The error map of a setting, (layer, head)."""
        return cached_head_errors(
            self.address,
            side,
            setting.format.id,
            setting.order.id,
            (setting.sinks, setting.residual),
            metric,
            self.capture,
        )

    def choose(self, layer: int, head: int) -> None:
        """Make a head the page's selection."""
        select("kv_cache.layer", layer)
        select("kv_cache.head", head)


def choose_source() -> Source:
    """Where the tensors come from, kept in the URL."""
    return choose("Source", SOURCES, "kv_cache.source", width="stretch")


def controls(lab: Lab) -> tuple[Source, EvaluateConfig, EvaluateConfig | None]:
    """The narrow left column: what is read, how it is stored, and what that is compared with."""
    source = choose_source()
    if source == "model":
        form(lab, lab.experiment("capture"), fields=("model", "text", "tokens"))
    else:
        form(lab, lab.experiment("synthetic"), fields=("profile", "head_dim"))
    stored = ("key_format", "value_format", "order", "sinks", "residual")
    settings = form(lab, lab.experiment("evaluate"), fields=stored)
    if st.session_state.get("kv_cache.view", st.query_params.get("kv_cache.view")) == "streaming":
        st.caption(
            "The cache that grows, on the right, has a key and a value format of its own. Those "
            "chosen here are those of the error map; order and exact tokens hold for both."
        )
    if not st.toggle(
        "Compare",
        key="kv_cache.compare",
        bind="query-params",
        help="A second setting beside the first, with the difference",
    ):
        return source, settings, None
    varied = ("key_format", "value_format", "order")
    st.markdown("**Setting B**")
    st.caption("A is the setting above; its text and exact tokens hold for B, too.")
    second = form(
        lab,
        lab.experiment("evaluate"),
        fields=varied,
        key_prefix="kv_cache.b",
        label_prefix="B: ",
    )
    return (
        source,
        settings,
        settings.model_copy(update={name: getattr(second, name) for name in varied}),
    )


def build_scene(
    lab: Lab, source: Source, settings: EvaluateConfig, other: EvaluateConfig | None
) -> Scene | None:
    """Obtain the tensors and read the selection; None while there is nothing to show."""
    experiment = lab.experiment("capture" if source == "model" else "synthetic")
    obtained = obtain(lab, experiment, form(lab, experiment, fields=()))
    if obtained.result is None:
        return None
    capture = obtained.result
    return Scene(
        lab=lab,
        source=source,
        experiment=experiment,
        obtained=obtained,
        address=experiment.digest(lab.name, obtained.config),
        settings=settings,
        other=other,
        side=linked("kv_cache.side", "key", options=list(SIDES)),
        layer=linked("kv_cache.layer", 0, low=0, high=capture["v"].size("layer") - 1),
        head=linked("kv_cache.head", 0, low=0, high=capture["v"].size("head") - 1),
    )


@st.cache_data(max_entries=128, show_spinner=False)
def cached_head_errors(
    address: str,
    side: Side,
    format_id: str,
    order_id: str,
    kept: tuple[int, int],
    metric: Metric,
    _capture: Result,
) -> np.ndarray:
    """``head_errors`` of a capture, kept by the capture's address and the setting's ids."""
    setting = Setting(parse_format(format_id), parse_order(order_id), *kept)
    return head_errors(_capture, side, setting, metric)


def kv_lab() -> Lab:
    """The lab of this page."""
    return get_lab("kv_cache")
