"""Any two results of a lab side by side: one is kept, the other is on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from engine.core import Config, EngramError, Experiment, Field, Lab, NotFound, Result
from engine.core.difference import Difference, FieldDifference, changed_settings, compare
from engine.core.digest import is_digest
from engine.figures.axes import number
from engine.figures.both import draw_both
from engine.figures.difference import describe_difference, draw_difference, named
from engine.store import Store, shipped_manifest
from engine.store.export import TABLE_ROWS, field_table
from pages.kit.drawn import remember_source
from pages.kit.errors import complain, error_boundary, plain
from pages.kit.linked import choose
from pages.kit.show import show
from pages.kit.theme import palette
from pages.kit.words import section

if TYPE_CHECKING:  # what obtains draws panels of the kit
    from pages.kit.obtain import Obtained


@dataclass(frozen=True)
class Kept:
    """The result that was kept, A."""

    experiment: Experiment
    config: Config
    result: Result


def kept_digest(lab: Lab) -> str:
    """The digest of A, from the link at first; empty without one. It stays in the address."""
    key, memory = _key(lab), _memory(lab)
    in_url = st.query_params.get(key)
    if in_url is not None:
        st.session_state[memory] = in_url
    elif held := st.session_state.get(memory):
        st.query_params[key] = held  # a situation was opened: A stays beside it
    return str(st.session_state.get(memory, ""))


def keep_button(lab: Lab, experiment: Experiment, obtained: Obtained) -> None:
    """Keep the result on the page as A."""
    digest = experiment.digest(lab.name, obtained.config)
    st.button(
        "Keep for comparison",
        key=f"{lab.name}#keep",
        icon=":material/compare:",
        type="tertiary",
        disabled=kept_digest(lab) == digest,
        on_click=_keep,
        args=(lab, digest),
        help="This result becomes A; change a setting, and the difference stands here",
    )


def show_comparison(lab: Lab, experiment: Experiment, obtained: Obtained) -> None:
    """A against the result on the page, B; nothing where none is kept."""
    digest = kept_digest(lab)
    if not digest:
        return
    section("A against B", anchor="compared")
    with error_boundary("the comparison"):
        try:
            kept = find_kept(lab, digest)
        except EngramError as error:
            complain(error)
        else:
            _show(lab, experiment, obtained, kept)
    st.button("Let A go", key=f"{lab.name}#let-go", on_click=_let_go, args=(lab,))


def find_kept(lab: Lab, digest: str) -> Kept:
    """The result under ``digest``, shipped or stored; raises NotFound with the reason."""
    if not is_digest(digest):
        raise NotFound("the link names a kept result that cannot be: 16 hexadecimal digits make it")
    manifest = shipped_manifest(lab.name, digest) or Store.open().results.manifest(digest)
    if manifest is None or manifest.get("lab") != lab.name:
        raise NotFound(f"the kept result {digest} is not on this server (any more)")
    experiment = lab.experiment(str(manifest.get("experiment")))
    config = experiment.config.build(manifest.get("config"))
    if experiment.digest(lab.name, config) != digest:
        raise NotFound(f"the kept result {digest} was computed by another version")
    from pages.kit.obtain import find

    result = find(lab, experiment, config)
    if result is None:
        raise NotFound(f"the kept result {digest} is not on this server (any more)")
    return Kept(experiment, config, result)


def _show(lab: Lab, experiment: Experiment, obtained: Obtained, kept: Kept) -> None:
    one_kind = kept.experiment.name == experiment.name
    if not obtained.fresh or obtained.result is None:
        st.markdown("The comparison comes with the result of the present settings.")
        return
    if one_kind and kept.config == obtained.config:
        st.markdown("A is the result on this page. Change a setting: the new result becomes B.")
        return
    remember_source(lab, kept.experiment, kept.config)
    remember_source(lab, experiment, obtained.config)
    a, b = plain(kept.experiment.title), plain(experiment.title)
    found = _compared(kept.experiment.digest(lab.name, kept.config),
                      experiment.digest(lab.name, obtained.config), not one_kind,
                      kept.result, obtained.result)  # fmt: skip
    if one_kind:
        st.markdown("A is the kept result, B the one on this page.")
    elif found.fields or found.metrics or found.unmatched:
        st.markdown(
            f"A is the kept result of *{a}*, B the one of *{b}* on this page. They are compared on "
            "what both have by name."
        )
    else:
        st.markdown(
            f"A, a result of *{a}*, and B, one of *{b}*, have no field and no metric in common: "
            f"A can be compared with any result of *{a}*."
        )
        return
    changes = changed_settings(kept.config, obtained.config)
    if changes:
        st.subheader("Settings", anchor=False)
        table = pd.DataFrame(
            {
                "Setting": [change.title for change in changes],
                "A": ["absent" if change.missing == "A" else _told(change.a) for change in changes],
                "B": ["absent" if change.missing == "B" else _told(change.b) for change in changes],
            }
        )
        st.dataframe(table, hide_index=True, height="content", key=f"{lab.name}#changed")
    _show_metrics(lab, found)
    _show_fields(lab, found, kept.result, obtained.result)


@st.cache_resource(max_entries=4, show_spinner=False)
def _compared(a: str, b: str, shared: bool, _a: Result, _b: Result) -> Difference:
    return compare(_a, _b, shared=shared)


def _show_metrics(lab: Lab, found: Difference) -> None:
    if not found.metrics:
        return
    st.subheader("Metrics", anchor=False)
    apart = [metric for metric in found.metrics if not metric.same]
    st.markdown(f"{len(apart)} of {len(found.metrics)} differ.")
    table = pd.DataFrame(
        {
            "Metric": [named(metric.name) for metric in found.metrics],
            "A": [_told(m.a) if m.missing != "A" else "absent" for m in found.metrics],
            "B": [_told(m.b) if m.missing != "B" else "absent" for m in found.metrics],
            "B - A": [_number(metric.difference) for metric in found.metrics],
            "B / A": [_number(metric.ratio) for metric in found.metrics],
        }
    )
    st.dataframe(table, hide_index=True, height="content", key=f"{lab.name}#metrics-ab")


def _show_fields(lab: Lab, found: Difference, a: Result, b: Result) -> None:
    if not found.fields and not found.unmatched:
        return
    st.subheader("Fields", anchor=False)
    for one in found.unmatched:
        st.markdown(f"**{plain(named(one.name))}** is not subtracted: {plain(one.reason)}.")
    if not found.fields:
        return
    # What differs most comes first, in the table and in the choice.
    fields = sorted(found.fields, key=lambda field: -field.share)
    apart = sum(field.share > 0 for field in fields)
    st.markdown(f"{apart} of {len(fields)} differ.")
    table = pd.DataFrame(
        {
            "Field": [named(field.name) for field in fields],
            "Differing [%]": [f"{100 * field.share:.3g}" for field in fields],
            "Largest B - A": [_number(field.largest) for field in fields],
            "Mean |B - A|": [_number(field.mean) for field in fields],
            "Axes": [_shape(field) for field in fields],
            "Unit": ["" if field.unit == "1" else field.unit for field in fields],
        }
    )
    st.dataframe(table, hide_index=True, height="content", key=f"{lab.name}#fields-ab")
    by_name = {field.name: field for field in fields}
    titles = {name: f"{named(name)}: {_differing(field)}" for name, field in by_name.items()}
    name = choose("Field shown below", titles, f"{lab.name}.compared", menu=True)
    field = by_name[name]
    figure = draw_difference(field, palette())
    words = describe_difference(field)
    if figure is None:
        st.markdown(plain(words))
        return
    key = re.sub(r"[^\w-]+", "-", f"{lab.name}-compared-{name}")
    _show_both(key, a[name], b[name], name)
    small = field.values.size <= TABLE_ROWS
    show(figure, key, words, caption=_caption(field, words), export=(
        (lambda: _table(field)) if small else None))  # fmt: skip


def _show_both(key: str, a: Field, b: Field, name: str) -> None:
    """A and B as they are, above what tells them apart."""
    figures = draw_both(a, b, palette(), name=name)
    if not figures:
        return
    for at, (place, figure) in enumerate(zip(st.columns(len(figures)), figures, strict=True)):
        with place:
            show(figure, f"{key}-{'ab'[at]}", figure.layout.meta["alt"])


def _differing(field: FieldDifference) -> str:
    return f"{100 * field.share:.3g} % differ" if field.share else "the same in both"


def _caption(field: FieldDifference, words: str) -> str:
    note = " Its whole numbers may name things; then only that they differ has a meaning."
    return plain(words) + (note if field.labels and field.share else "")


def _table(field: FieldDifference) -> Any:
    return field_table(Field(field.values, field.axes, field.unit), f"B - A of {field.name}")


def _shape(field: FieldDifference) -> str:
    pairs = zip(field.axes, field.values.shape, strict=True)
    return " x ".join(f"{axis} {size}" for axis, size in pairs) or "one number"


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    text = str(value)
    return f"{text[:77]}..." if len(text) > 80 else text or "empty"


def _number(value: float | None) -> str:
    return "" if value is None or value != value else number(value)


def _keep(lab: Lab, digest: str) -> None:
    st.session_state[_memory(lab)] = digest
    st.query_params[_key(lab)] = digest


def _let_go(lab: Lab) -> None:
    st.session_state.pop(_memory(lab), None)
    st.query_params.pop(_key(lab), None)


def _key(lab: Lab) -> str:
    # A hyphen: no field of a config can have this name.
    return f"{lab.name}.kept-result"


def _memory(lab: Lab) -> str:
    return f"#kept.{lab.name}"
