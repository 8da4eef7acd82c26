"""The recall basin: from a copied caption to others, step by step."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.diffusion.views.basin import (
    basin_table,
    describe_basin,
    describe_way,
    draw_basin,
    draw_ends,
    film,
    way_names,
)
from engine.labs.diffusion.views.method_claims import basin_claims
from pages.kit import (
    choose,
    explain,
    form,
    obtain,
    palette,
    say,
    section,
    show,
    show_claims,
    show_pictures,
)


def show_basin(lab: Lab) -> None:
    """Three ways between captions: two from a copied one, and a control."""
    section(
        "Recall basin",
        "The text encoder's states are blended from one caption to another, and every blend is "
        "sampled from the same noise. How long does the copied picture stay?",
    )
    experiment = lab.experiment("basin")
    with st.expander("Captions and points"):
        fields = ("copied", "other", "scene", "control", "points")
        config = form(lab, experiment, fields=fields, layout="row")
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    figure = draw_basin(result, palette())
    show(figure, "diffusion_basin", figure.layout.meta["alt"], export=lambda: basin_table(result))
    say(lab, describe_basin(result))
    show_pictures(film(result), "diffusion_basin_film", size=44)
    names = {str(at): name for at, name in enumerate(way_names(result))}
    way = int(choose("Way", names, "diffusion.way"))
    figure = draw_ends(result, palette(), way=way)
    show(figure, "diffusion_basin_ends", figure.layout.meta["alt"],
         export=lambda: basin_table(result))  # fmt: skip
    say(lab, describe_way(result, way))
    show_claims(basin_claims(result))
    explain(lab, "Recall basin")
