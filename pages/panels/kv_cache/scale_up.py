"""The calculator at the end of view 8: the same formats in well-known models."""

from __future__ import annotations

import streamlit as st

from engine.labs.kv_cache.config import StreamingConfig
from engine.labs.kv_cache.scale_up import GIB, MODELS, cache_size, tokens_that_fit
from engine.labs.kv_cache.views.scale_up import (
    curve_table,
    draw_scale_up,
    size_table,
    size_words,
)
from pages.kit import badge, explain, palette, section, show
from pages.panels.kv_cache.scene import Scene

FIRST = "Llama-3-8B"


def show_scale_up(scene: Scene, formats: StreamingConfig) -> None:
    """Bytes of a cache in a known model, and how many tokens fit."""
    section(
        "Scale-up calculator",
        "The same formats in well-known models. Sizes follow from shapes and true bits; they are "
        "computed, not measured.",
    )
    names = [model.name for model in MODELS]
    left, middle, right = st.columns(3)
    name = left.selectbox(
        "Known model",
        names,
        index=names.index(FIRST) if FIRST in names else 0,
        key="kv_cache.known_model",
        bind="query-params",
    )
    gib = middle.number_input(
        "Memory for the cache (GiB)",
        0.1,
        10_000.0,
        value=8.0,
        key="kv_cache.memory",
        bind="query-params",
    )
    model = MODELS[names.index(name)]
    tokens = right.number_input(
        "Tokens",
        1,
        10_000_000,
        value=8192,
        key="kv_cache.context",
        bind="query-params",
    )
    key, value = formats.key_format, formats.value_format
    size = cache_size(model, int(tokens), key, value)
    most, most_fp16 = tokens_that_fit(model, gib, key, value), tokens_that_fit(model, gib)
    badge("computed from shapes", "exact")
    st.markdown(
        f"**{size_words(size.total / GIB)}** instead of {size_words(size.fp16 / GIB)} in fp16, "
        f"{size.ratio:.3g} times smaller. In {gib:g} GiB fit **{most:,}** tokens, in fp16 "
        f"{most_fp16:,}; the model reads at most {model.context:,}."
    )
    figure = draw_scale_up(model, palette(), key_format=key, value_format=value, gib=gib)
    show(
        figure,
        "kv_cache_scale_up",
        figure.layout.meta["alt"],
        export=lambda: curve_table(model, key, value),
    )
    title = f"All known models at {int(tokens):,} tokens"
    with st.expander(title, key="kv_cache.known_models", on_change="rerun") as more:
        if more.open:
            st.dataframe(
                size_table(MODELS, int(tokens), key, value), hide_index=True, width="stretch"
            )
            st.caption("At most the tokens that a model reads; a gap: a format does not suit it.")
    explain(
        scene.lab,
        "Scale-up calculator",
        tokens=f"{int(tokens):,}",
        size=size_words(size.total / GIB),
        size_fp16=size_words(size.fp16 / GIB),
    )
