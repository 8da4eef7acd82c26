"""Larger collections that a user may own: HumanML3D as its scripts lay it out, and CMU's BVH files.

Neither is shipped or fetched. What cannot be read is left out and said, a sentence each: both
collections are known to have a few broken files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.io.jsonl import read_rows
from engine.io.paths import local_path
from engine.io.text import read_text
from engine.labs.motion.clip import place
from engine.labs.motion.files.arrays import read_npy
from engine.labs.motion.files.bvh_import import import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.recordings import FIELD, Recording, Window
from engine.labs.motion.skeleton import FPS, leg_length

JOINTS_FOLDER, ROWS_FOLDER, TEXTS_FOLDER = "new_joints", "new_joint_vecs", "texts"
# "M012345" is the mirror of "012345".
HUMANML_NAME = re.compile(r"M?[0-9]{6}")
CMU_NAME = re.compile(r"([0-9]{2,3})_([0-9]{2})\.bvh", re.IGNORECASE)
Tell = Callable[[str], None]


def read_humanml_folder(
    folder: Path | str, splits: Sequence[str] = ("train",), tell: Tell = lambda sentence: None
) -> Iterator[Recording]:
    """The clips named in ``{split}.txt``, one after the other: joints, else rows, with texts.

    A text line is ``caption#words#from#to`` in seconds; a caption with a time of its own becomes a
    segment. A name counts where it stands first, so that no clip is in two splits. ``tell`` hears
    a sentence about each clip that is left out. Raises BadInput where the folder or the list of
    a split is missing.
    """
    home = _folder(folder)
    listed: dict[str, str] = {}
    for split in splits:
        for name in read_text(home / f"{split}.txt", field=FIELD).split():
            try:
                if name in listed:
                    raise BadInput(FIELD, f"stands in {listed[name]}.txt already")
                listed[name] = split
                yield _humanml(home, name, split)
            except BadInput as error:
                tell(f"{name[:40]}: {error.reason}")


def read_cmu_folder(
    folder: Path | str, manifest: Path | str, tell: Tell = lambda sentence: None
) -> Iterator[Recording]:
    """Every ``SUBJECT_TRIAL.bvh`` below ``folder`` whose trial the manifest has words for.

    The manifest is ``cmu_text_manifest.jsonl.gz``: descriptions, KIT-ML's sentences and
    HumanML3D's windows by trial. A trial is read once. ``tell`` hears a sentence about each file
    that is left out. Raises BadInput where the folder or the manifest cannot be read, or no file
    has a name of CMU's.
    """
    home = _folder(folder)
    known = {row["trial"]: row for row in read_rows(manifest, _trial, field="manifest").items}
    files = sorted(path for path in home.rglob("*") if CMU_NAME.fullmatch(path.name))
    if not files:
        raise BadInput(FIELD, f"no file in {home.name!r} is called like 01_02.bvh")
    done: set[str] = set()
    for path in files:
        subject, trial = CMU_NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]
        name = f"{int(subject):02}_{trial}"
        if name not in known:
            tell(f"{path.name}: the manifest has no trial {name}")
            continue
        try:
            if name in done:
                raise BadInput(FIELD, f"the trial {name} was read from another file")
            one = _cmu(path, known[name])
            done.add(name)
            yield one
        except BadInput as error:
            tell(f"{path.name}: {error.reason}")


def _folder(folder: Path | str) -> Path:
    home = local_path(folder, field=FIELD)
    if not home.is_dir():
        raise BadInput(FIELD, f"there is no folder {str(folder)[:200]!r}")
    return home


def _humanml(home: Path, name: str, split: str) -> Recording:
    if not HUMANML_NAME.fullmatch(name):
        raise BadInput(FIELD, "a name must be six digits, with M before those of a mirrored clip")
    files = [home / part / f"{name}.npy" for part in (JOINTS_FOLDER, ROWS_FOLDER)]
    found = next((path for path in files if path.is_file()), None)
    if found is None:
        raise BadInput(FIELD, f"there is no {JOINTS_FOLDER} or {ROWS_FOLDER} of it")
    positions = read_npy(found).positions.astype(np.float32)
    texts = read_text(home / TEXTS_FOLDER / f"{name}.txt", field=FIELD)
    captions: list[str] = []
    segments: list[Window] = []
    for line in filter(None, map(str.strip, texts.split("\n"))):
        words, start, end = _line(line)
        if start == end == 0:
            captions.append(words)
        else:
            first = min(int(start * FPS), len(positions) - 1)
            last = min(max(int(end * FPS), first + 1), len(positions))
            segments.append(Window(f"{name}:{len(segments)}", first, last, (words,), "segment"))
    return _recording(name, "humanml3d", split, positions, captions, segments, ())


def _line(line: str) -> tuple[str, float, float]:
    parts = line.split("#")
    try:
        start, end = (0.0 if part == "nan" else float(part) for part in parts[-2:])
    except ValueError:
        raise BadInput(
            FIELD, f"a text line must be caption#words#from#to, not {line[:60]!r}"
        ) from None
    if len(parts) < 4 or not 0 <= start <= end < 1e6:
        raise BadInput(FIELD, f"a text line must be caption#words#from#to, not {line[:60]!r}")
    return parts[0], start, end


def _trial(row: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(row.get("trial"), str):
        raise BadInput("manifest", "'trial' must be a text")
    for name in ("kitml_captions", "h3d_windows"):
        if not isinstance(row.get(name, []), list):
            raise BadInput("manifest", f"{name!r} must be a list")
    for window in row.get("h3d_windows", []):
        edges = [window.get(name) for name in ("start", "end")] if isinstance(window, dict) else []
        if [type(edge) for edge in edges] != [int, int]:
            raise BadInput("manifest", "a window must have a whole 'start' and 'end'")
    return row


def _cmu(path: Path, row: dict[str, Any]) -> Recording:
    positions = import_bvh(read_bvh(path)).clip.positions.astype(np.float32)
    words = [row.get("description"), *row.get("kitml_captions", [])]
    captions = [str(one) for one in words if one]
    windows = [
        Window(str(one.get("h3d_id")), one["start"], one["end"], tuple(captions), "window")
        for one in row.get("h3d_windows", [])
        if 0 <= one["start"] < one["end"] <= len(positions)
    ]
    return _recording(f"cmu_{row['trial']}", "cmu", "own", positions, captions, (), windows)


def _recording(
    name: str,
    dataset: str,
    split: str,
    positions: np.ndarray,
    captions: Iterable[str],
    segments: Iterable[Window],
    windows: Iterable[Window],
) -> Recording:
    return Recording(
        name,
        dataset,
        split,
        place(positions).astype(np.float32),
        tuple(captions),
        None,
        None,
        False,
        0,
        leg_length(positions),
        tuple(segments),
        tuple(windows),
    )
