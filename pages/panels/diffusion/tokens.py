"""View 8: where each word of a prompt is looked at, and which word is the key."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.views.evidence import draw_evidence, evidence_table
from engine.labs.diffusion.views.token_entropy import (
    describe_entropy,
    draw_by_layer,
    draw_by_step,
    entropy_table,
)
from engine.labs.diffusion.views.tokens import (
    ALL,
    draw_layers,
    draw_steps,
    draw_tokens,
    legend,
    share_table,
)
from engine.store.export import to_csv
from pages.kit import (
    View,
    choose,
    explain,
    linked,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, begin, settings
from pages.panels.diffusion.keywords import show_keywords

TOKEN, STEP, LAYER = "diffusion.token", "diffusion.token_step", "diffusion.token_layer"
GROUNDS = {"over": "Over the picture", "alone": "Alone"}


def show_tokens(scene: Asked) -> None:
    """Maps by token, step and layer; entropy; words left out or swapped; the evidence."""
    lab = scene.lab
    found = begin(
        scene,
        "Where each word is looked at",
        "Every place of the picture shares its attention among the tokens of the prompt. Choose a "
        "token, a step or a layer.",
    )
    if found is None:
        return
    obtained, result = found
    st.markdown(f"“{plain(result.notes['prompt'])}”")
    if unknown := result.notes["unknown"]:
        say(lab, f"Not in the model's vocabulary: {', '.join(unknown)}.")
    step, layer = _maps(result)
    _entropy(lab, result, step, layer)
    show_keywords(lab)
    _evidence(lab, result)
    take_away(lab, scene.experiment, obtained)


def _maps(result: Result) -> tuple[int, int]:
    tokens, layers = result.notes["tokens"], result.notes["layers"]
    steps = result["map"].size("step")
    token = linked(TOKEN, min(3, len(tokens) - 1), low=0, high=len(tokens) - 1)
    step = linked(STEP, 1, low=1, high=steps) - 1
    layer = linked(LAYER, ALL, low=ALL, high=len(layers) - 1)
    over = choose("Maps", GROUNDS, "diffusion.token_ground") == "over"
    grid = draw_tokens(result, palette(), step=step, layer=layer, over=over)
    show_pictures(
        grid, "diffusion_tokens", selected=(0, token),
        on_select=lambda place: select(TOKEN, place[1]) if place else None,
    )  # fmt: skip
    grid = draw_steps(result, palette(), token=token, layer=layer, over=over)
    show_pictures(
        grid, "diffusion_token_steps", size=48, selected=(0, step),
        on_select=lambda place: select(STEP, place[1] + 1) if place else None,
    )  # fmt: skip
    grid, places = draw_layers(result, palette(), token=token, step=step, over=over)
    chosen = next(
        ((r, c) for r, row in enumerate(places) for c, at in enumerate(row) if at == layer >= 0),
        None,
    )
    show_pictures(
        grid, "diffusion_token_layers", size=56, selected=chosen,
        on_select=lambda place: select(LAYER, places[place[0]][place[1]] if place else ALL),
    )  # fmt: skip
    st.image(
        legend(palette()), width=256, alt="The colours of the shares, from none to the largest.",
        caption="From no attention to the largest share of each set of pictures. Under a picture: "
        "the mean share over its places.",
    )  # fmt: skip
    st.download_button(
        "Shares (CSV)",
        lambda: to_csv(share_table(result)),
        file_name="token-shares.csv",
        mime="text/csv",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
    return step, layer


def _entropy(lab: Lab, result: Result, step: int, layer: int) -> None:
    section(
        "Entropy of the attention",
        "High where the attention is spread over many tokens, low where one token has it all.",
    )
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_by_step(result, palette(), step=step)
        show(figure, "diffusion_entropy_steps", figure.layout.meta["alt"],
             export=lambda: entropy_table(result))  # fmt: skip
    with right:
        figure = draw_by_layer(result, palette(), step=step, layer=layer)
        show(figure, "diffusion_entropy_layers", figure.layout.meta["alt"],
             export=lambda: entropy_table(result))  # fmt: skip
    say(lab, describe_entropy(result))
    explain(lab, "Entropy of attention")


def _evidence(lab: Lab, result: Result) -> None:
    with st.expander("Evidence: the nearest training pictures"):
        if "nearest" not in result.fields:
            st.markdown("The training pictures of this model are not known here.")
            return
        show_pictures(draw_evidence(result), "diffusion_evidence")
        st.caption("Under each picture: root mean square distance and SSIM.")
        st.dataframe(evidence_table(result), hide_index=True, width="stretch")


VIEW = View("Token view", settings("tokens"), show_tokens)
