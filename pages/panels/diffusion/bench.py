"""View 1: the prune bench: a grid of cuts that is ready, a cut of one's own, and every site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from engine.core import Config, Lab, Result
from engine.labs.diffusion.config import BenchConfig, GridConfig, SitesConfig
from engine.labs.diffusion.views.bench import (
    TAU,
    Shown,
    of_cell,
    of_run,
    sparsities,
    taus,
)
from engine.labs.diffusion.views.bench_bars import draw_curves
from engine.labs.diffusion.views.bench_files import made_by_run, made_in_grid
from engine.labs.diffusion.views.bench_grid_words import (
    SEED_SPARSITY,
    describe_curves,
    describe_film,
)
from engine.labs.diffusion.views.bench_pictures import film
from engine.labs.diffusion.views.claims import subspace_claims
from pages.kit import (
    View,
    choose,
    form,
    linked,
    obtain,
    palette,
    say,
    section,
    select,
    show,
    show_claims,
    show_pictures,
    take_away,
)
from pages.panels.diffusion.bench_cut import chosen_picture, show_beside, show_how, show_rows
from pages.panels.diffusion.bench_sites import show_sites

MODES = {"grid": "Ready grid", "cut": "A cut of your own", "sites": "Where does it live?"}
MODE, SPARSITY, STEPS = "diffusion.bench", "diffusion.grid_sparsity", "diffusion.grid_tau"
EXPERIMENTS = {"grid": "grid", "cut": "bench", "sites": "sites"}
FIRST = 0.2
REST = ("sparsity", "tau", "site", "first", "half", "seeds", "seed", "resamples")


@dataclass(frozen=True)
class Bench:
    """The lab and what is asked of it."""

    lab: Lab
    config: Config


def bench_settings(lab: Lab) -> Bench:
    """The left column: which bench, and its settings."""
    mode = choose("Bench", MODES, MODE, menu=True)
    experiment = lab.experiment(EXPERIMENTS[mode])
    if mode != "cut":
        return Bench(lab, form(lab, experiment))
    # What has no effect yet is not asked.
    config = form(lab, experiment, fields=("model", "prompts", "also"))
    assert isinstance(config, BenchConfig)
    if config.also:
        config = form(lab, experiment, fields=("combine",))
        assert isinstance(config, BenchConfig)
        if config.combine == "at least":
            form(lab, experiment, fields=("k",))
    config = form(lab, experiment, fields=("minus", "reference"))
    assert isinstance(config, BenchConfig)
    if config.reference == "own":
        form(lab, experiment, fields=("reference_prompts",))
    return Bench(lab, form(lab, experiment, fields=REST))


def show_bench(bench: Bench) -> None:
    """The bench that was chosen."""
    if isinstance(bench.config, GridConfig):
        _show_grid(bench.lab, bench.config)
    elif isinstance(bench.config, BenchConfig):
        _show_run(bench.lab, bench.config)
    elif isinstance(bench.config, SitesConfig):
        show_sites(bench.lab, bench.config)


def _show_grid(lab: Lab, config: GridConfig) -> None:
    experiment = lab.experiment("grid")
    section(
        "Prune bench",
        "Weights that copied prompts use more than the reference does are set to zero. Move the "
        "sliders: every cut was computed before, with its controls.",
    )
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    assert isinstance(obtained.config, GridConfig)
    shown = _chosen_cell(result)
    made = made_in_grid(obtained.config, shown)
    group = show_rows(lab, shown)
    _film(result, shown, chosen_picture(shown, group))
    show_beside(lab, shown)
    _curves(lab, result, shown)
    show_claims(subspace_claims(result, shown.tau))
    show_how(lab, shown, made)
    take_away(lab, experiment, obtained)


def _show_run(lab: Lab, config: BenchConfig) -> None:
    experiment = lab.experiment("bench")
    section(
        "A cut of your own",
        "Choose what is located from, what it is compared with, and where. Every control runs "
        "with it.",
    )
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    assert isinstance(obtained.config, BenchConfig)
    shown = of_run(obtained.result, obtained.config.sparsity, obtained.config.tau)
    show_rows(lab, shown)
    show_beside(lab, shown)
    show_how(lab, shown, made_by_run(obtained.config))
    take_away(lab, experiment, obtained)


def _chosen_cell(result: Result) -> Shown:
    """The cell under both sliders."""
    marks = {f"{value:g}": _percent(value) for value in sparsities(result)}
    steps = {str(tau): f"first {tau}" if tau > 1 else "first" for tau in taus(result)}
    left, right = st.columns([3, 2], gap="large")
    with left:
        first = f"{FIRST:g}" if FIRST in sparsities(result) else list(marks)[-1]
        sparsity = _slide("Sparsity", marks, SPARSITY, first)
        st.caption(f"Stops: {', '.join(marks.values())}")
    with right:
        usual = str(TAU) if TAU in taus(result) else next(iter(steps))
        tau = choose("Tau: steps that are looked at", steps, STEPS, default=usual)
    return of_cell(result, float(sparsity), int(tau))


def _percent(sparsity: float) -> str:
    seed = " (the seed paper's scripts)" if sparsity == SEED_SPARSITY else ""
    return f"{100 * sparsity:g} %{seed}"


def _slide(label: str, options: Mapping[str, str], key: str, default: str) -> str:
    """A slider over named stops, with the name in the URL."""
    value = linked(key, default, options=list(options))
    widget = f"{key}#slider"
    st.session_state[widget] = value
    st.select_slider(
        label,
        list(options),
        format_func=lambda name: options[name],
        key=widget,
        on_change=lambda: select(key, st.session_state[widget]),
    )
    return value


def _film(result: Result, shown: Shown, picture: int) -> None:
    st.caption("Choose a picture above to see it at every sparsity.")
    words = describe_film(result, shown.tau, picture)
    show_pictures(film(result, shown.tau, picture, words), "diffusion_bench_film", size=84)


def _curves(lab: Lab, result: Result, shown: Shown) -> None:
    section(
        "What a larger cut costs",
        "Copies that go and scenes that stay are one trade-off. The random mask cuts as many "
        "weights in every row.",
    )
    words = describe_curves(result, shown.tau)
    show(draw_curves(result, palette(), shown, words), "diffusion_bench_curves", words)
    say(lab, words)


VIEW = View("Prune bench", bench_settings, show_bench)
