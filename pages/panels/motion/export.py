"""The export desk: the clip as files, what comes back of each, and what a brought file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from engine.core import BadInput, Experiment, Lab, Result
from engine.labs.motion.clip import Clip
from engine.labs.motion.config.clip import GENERATED, ClipConfig
from engine.labs.motion.files.doors import MOVING_JOINTS
from engine.labs.motion.files.hands import SHARE
from engine.labs.motion.files.reimport import Reimported, write_and_read
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.views.export import (
    KINDS,
    describe_error,
    describe_file,
    describe_kept,
    describe_losses,
    draw_error,
    error_rows,
    hierarchy_table,
    joint_table,
    positions32,
    reimport_stage,
)
from engine.labs.motion.views.floor_words import describe_rate
from pages.kit import (
    Obtained,
    View,
    badge,
    choose,
    complain,
    explain,
    field_key,
    palette,
    plain,
    query,
    say,
    section,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, begin
from pages.kit.links import link_text
from pages.panels.motion.clip import clip_settings, play, show_source
from pages.panels.motion.tables import show_rows

MIME = {
    ".bvh": "text/plain",
    ".glb": "model/gltf-binary",
    ".npz": "application/octet-stream",
    ".csv": "text/csv",
}
FORMAT = "motion.format"
TIMES = {"1": "× 1", "10": "× 10", "100": "× 100"}


@dataclass(frozen=True)
class Desk:
    """What is asked of the clip, and how it is written."""

    asked: Asked
    hands: bool
    stretch: Mapping[str, bool]


def export_settings(lab: Lab) -> Desk:
    """The clip, then what the files are to hold."""
    asked = clip_settings(lab)
    st.markdown("**Files**")
    hands = st.toggle(
        "24 joints",
        key="motion.hands",
        bind="query-params",
        help="SMPL's hands appended, for programs that expect 24 joints",
    )
    stretch = {
        kind: st.toggle(
            f"{KINDS[kind]}: joints move",
            value=usual,
            key=key,
            bind="query-params",
            help=f"{words}, so that bones may change their length",
        )
        for (kind, usual), key, words in zip(
            MOVING_JOINTS.items(),
            ("motion.stretch", "motion.stretch_glb"),
            ("position channels on every joint", "joints and sticks move at every frame"),
            strict=True,
        )
    }
    return Desk(asked, hands, stretch)


def show_export(desk: Desk) -> None:
    """The clip and what was found, the files, what comes back, and a link to the same clip."""
    scene = desk.asked
    found = begin(
        scene,
        "Export desk",
        "The clip as files for other programs. Each is read again as soon as it is written, so "
        "that what it loses is known before it is used.",
    )
    if found is None:
        return
    obtained, result = found
    show_source(scene, result)
    left, right = st.columns([3, 2], gap="large")
    with left:
        play(result, "motion_export_player")
    with right:
        _found(scene.lab, result)
        every = _files(scene, obtained, desk)
        _downloads(scene, obtained, every, desk)
    _comes_back(scene.lab, result, every)
    _link(scene.lab, scene.experiment, obtained)
    explain(scene.lab, "Files")
    take_away(scene.lab, scene.experiment, obtained)


def _found(lab: Lab, result: Result) -> None:
    if result.notes["kind"] == "model":
        return
    st.markdown("**In the file**")
    if result.notes.get("lost_bones"):
        badge("CMU branch bones lost", "warn", "Two common conversions of CMU's files lose them.")
    lines = [*describe_file(result), f"{describe_rate(result)}."]
    st.markdown("\n".join(f"- {plain(words)}" for words in lines))
    if "hierarchy" in result.notes:
        with st.expander("Hierarchy and channels"):
            table = hierarchy_table(result)
            st.dataframe(table, hide_index=True, width="stretch")
            if (shown := len(table["joint"])) < result.notes["joints"]:
                st.caption(f"The first {shown} of {result.notes['joints']} joints.")


def _files(scene: Asked, obtained: Obtained, desk: Desk) -> list[Reimported]:
    assert obtained.result is not None
    digest = scene.experiment.digest(scene.lab.name, obtained.config)
    clip = Clip(positions32(obtained.result), FPS)
    every = []
    for kind in KINDS:
        try:
            every.append(_written(digest, kind, desk.hands, desk.stretch.get(kind), _clip=clip))
        except BadInput as error:  # such as a file above the limit: no reader would take it
            complain(f"Not offered as {KINDS[kind]}: {error}")
    return every


@st.cache_resource(max_entries=16, show_spinner=False)
def _written(
    digest: str, kind: str, hands: bool, stretch: bool | None, *, _clip: Clip
) -> Reimported:
    return write_and_read(_clip, kind, stretch=stretch, hands=hands)


def _downloads(scene: Asked, obtained: Obtained, every: list[Reimported], desk: Desk) -> None:
    st.markdown("**Take it away**")
    name = f"motion-{scene.experiment.digest(scene.lab.name, obtained.config)}"
    places = [place for _ in range(0, len(every), 2) for place in st.columns(2)]
    for place, one in zip(places, every, strict=False):
        place.download_button(
            KINDS[one.kind],
            one.data,
            file_name=f"{name}{one.kind}",
            mime=MIME[one.kind],
            key=f"motion#file{one.kind}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
    st.caption(
        "BVH, in centimetres (a scale of 0.01 in Blender, which counts metres), opens in most "
        "animation programs, which write FBX from it; GLB, in metres, in 3-D viewers; NPZ holds "
        "joints and rows for models; CSV a row a frame."
    )
    if desk.hands:
        badge("hands assumed", "assumed", f"They go on from the forearm for {SHARE:g} of it.")


def _comes_back(lab: Lab, result: Result, every: list[Reimported]) -> None:
    section(
        "What comes back",
        "The file read again beside the clip, and how far every joint is from where it was "
        "meant to be.",
    )
    show_rows(error_rows(every), "What each file keeps, and how far its joints are off")
    say(lab, f"{describe_kept(every)} {describe_losses(result, every)}")
    written = {one.kind: KINDS[one.kind] for one in every}
    kind = choose("Format", written, FORMAT, label_visibility="collapsed")
    one = next(one for one in every if one.kind == kind)
    times = int(choose("Distance drawn", TIMES, "motion.export_times", default="10"))
    show_skeletons(reimport_stage(result, one, times=times), "motion_export_again")
    show(draw_error(one, palette()), "motion_reimport", describe_error(one),
         export=lambda: joint_table(one))  # fmt: skip


def _link(lab: Lab, experiment: Experiment, obtained: Obtained) -> None:
    """Text, seed and settings as a link; a file is only where it was brought to."""
    config = obtained.config
    assert isinstance(config, ClipConfig)
    section("Share it")
    pairs = query(lab, experiment, config, {"view": "export"})
    if config.clip_from == "model":
        # Written out although they may be defaults: those of another version may be others.
        pairs |= {field_key(lab, experiment, name): link_text(getattr(config, name))
                  for name in GENERATED}  # fmt: skip
    st.code(f"/{lab.name}?{urlencode(pairs)}", language=None, wrap_lines=True)
    if config.clip_from == "model":
        st.caption("Below the address of this server: the same text, seed and settings.")
    else:
        st.caption(
            "The file stays on this server and the link holds for it alone; send the file itself "
            "to others."
        )


VIEW = View("Export desk", export_settings, show_export)
