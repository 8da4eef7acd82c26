"""View 3: one prompt, two caches, and the token at which they part."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.kv_cache.views.drift import (
    describe_drift,
    draw_kl_positions,
    draw_next_token,
    next_token_table,
)
from pages.kit import explain, form, obtain, palette, plain, section, show, take_away
from pages.panels.kv_cache.needs_model import needs_model
from pages.panels.kv_cache.scene import Scene


def show_drift(scene: Scene) -> None:
    """KL per position, the ten likeliest tokens of the chosen step, and both texts."""
    section(
        "Next-token drift",
        "Both caches read the same prompt. The quantised one is a real cache: codes are written "
        "once, token by token.",
    )
    if needs_model(scene):
        return
    experiment = scene.lab.experiment("drift")
    config = form(scene.lab, experiment, fields=("prompt", "new_tokens"))
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return
    result, m = obtained.result, obtained.result.metrics
    st.markdown(describe_drift(result))
    steps = int(m["new_tokens"])
    divergence = m["first_divergence"]
    step = st.slider(
        "New token",
        1,
        steps,
        value=min(int(divergence) + 1, steps) if divergence is not None else 1,
        key=f"kv_cache.step{steps}",
    )
    strip = draw_kl_positions(result, palette(), step=step - 1)
    show(strip, "kv_cache_drift", describe_drift(result), export=lambda: _positions(result))
    left, right = st.columns([3, 2], gap="large")
    with left:
        figure = draw_next_token(result, palette(), step=step - 1)
        show(
            figure,
            "kv_cache_next",
            figure.layout.meta["alt"],
            export=lambda: next_token_table(result, step - 1),
        )
    with right:
        _texts(result)
    explain(
        scene.lab,
        "Next-token drift",
        shared_tokens=int(m["shared_tokens"]),
        kl_median=f"{m['kl_p50']:.2g}",
        kl_high=f"{m['kl_p99']:.2g}",
    )
    if m["unknown_tokens"]:
        st.caption(
            f"{m['unknown_tokens']} prompt tokens stand for characters unknown to the model."
        )
    take_away(scene.lab, experiment, obtained)


def _texts(result: Result) -> None:
    """Both greedy continuations; where they part is bold."""
    notes = result.notes
    shared = int(result.metrics["shared_tokens"])
    for title, name in (("Exact cache", "exact_tokens"), ("Quantised cache", "quantised_tokens")):
        tokens = notes[name]
        st.markdown(f"**{title}**")
        st.markdown(marked("".join(tokens[:shared]), "".join(tokens[shared:])))


def marked(same: str, own: str) -> str:
    """Markdown of a text whose end ``own`` is bold; blanks only where the text has some."""
    if not own.strip():
        return plain(same)
    apart = " " if (same[-1:].isspace() or own[:1].isspace()) and same.strip() else ""
    # The stars inside: outside, beside a letter, they would be shown.
    return f"{plain(same)}{apart}:orange[**{plain(own)}**]"


def _positions(result: Result) -> dict[str, object]:
    tokens = [*result.notes["prompt_tokens"], *result.notes["exact_tokens"]]
    fields = ("kl", "nll_exact", "nll_quantised", "rank")
    count = result["kl"].size("position")
    return {
        "token": tokens[:count],
        **{f"{name} [{result[name].unit}]": result.array(name) for name in fields},
    }
