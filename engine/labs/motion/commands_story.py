"""The command ``story``: a text becomes one motion, a file of it, and a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.labs.motion.files.options import add_moving_joints

if TYPE_CHECKING:
    from engine.labs.motion.story.rows import Row

PROGRAM = "python -m engine motion"
MOST_SECONDS = 600.0
MOST_ROUNDS = 100
MOST_BYTES = 2_000_000
SOURCES = "procedural, recorded, motion-mamba, kmm, transformer, or a model's folder"


def story(argv: Sequence[str]) -> dict[str, Any]:
    """A story as BVH, NPZ, GLB or CSV, with its rows, segments, ways and seams.

    ``unread`` are the parts of the text that nothing was made of. ``trajectory`` is in metres,
    jerk in metres per frame cubed; seams are measured for every method that is possible here.
    Raises BadInput for bad options and files, an empty text, and one without a known action.
    """
    given = _parser().parse_args(list(argv))
    _check(given)

    from engine.labs.motion.files.doors import check_output, save_clip

    check_output(given.out)

    from engine.io.paths import output_path
    from engine.io.text import read_text
    from engine.labs.motion.clip import Clip
    from engine.labs.motion.evaluation.quality import mean_jerk, skate
    from engine.labs.motion.skeleton import FPS
    from engine.labs.motion.story.opening import open_kmm, open_source
    from engine.labs.motion.story.places import read_places
    from engine.labs.motion.story.run import rows_with_kept, segment_notes, trajectory
    from engine.labs.motion.story.schedule import read_story
    from engine.labs.motion.story.seamed import treat_seams
    from engine.labs.motion.story.tell import Teller

    table_path = output_path(given.table_out, field="--table-out") if given.table_out else None
    if table_path is not None:
        others = [Path(one).resolve() for one in (given.out, given.text_file, given.places) if one]
        if table_path.suffix != ".csv" or table_path.resolve() in others:
            raise BadInput("--table-out", "must end with .csv and be none of the other files")
    text = read_text(given.text_file, field="--text-file", limit=MOST_BYTES)
    places = "" if given.places is None else read_text(given.places, field="--places")
    plan = read_places(places)
    schedule = read_story(text, plan)
    source = open_source(given.source, by=given.match_by)
    teller = Teller(source, plan, given.seed)
    for _ in range(given.rounds):
        if not teller.go_on(schedule.rows, round(given.seconds * FPS)):
            break
    told = teller.told()
    seamed = treat_seams(told, given.blend, open_kmm(source))
    path = save_clip(Clip(seamed.positions), given.out, stretch=given.stretch)
    rows = rows_with_kept(schedule.rows, told)
    if table_path is not None:
        table_path.write_text(_csv(schedule.rows), encoding="utf-8")
    return {
        "out": str(path),
        "source": source.name,
        "datasets": list(source.datasets),
        "seed": given.seed,
        "frames": len(seamed.positions),
        "fps": FPS,
        "seconds": told.seconds,
        "rows": rows,
        "segments": segment_notes(told, seamed.rows),
        "unread": list(schedule.unread),
        "nearest_known": schedule.near,
        "unknown_words": getattr(source, "unknown", {}),
        "remarks": [*schedule.remarks, *told.remarks],
        "trajectory": trajectory(told),
        "blend": given.blend,
        "seams": list(told.seams),
        "seam_jerk": {
            name: {"mean": float(values.mean()), "worst": float(values.max())}
            for name, values in seamed.jerk.items()
            if len(values)
        },
        "jerk": mean_jerk([seamed.positions]),
        "skate": skate(seamed.positions),
        "table": None if table_path is None else str(table_path),
    }


def _csv(rows: Sequence[Row]) -> str:
    """The table as CSV: action, place, seconds, manner, times."""
    import csv
    import io

    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(("action", "place", "seconds", "manner", "times"))
    lines.writerows((r.action, r.place, r.seconds, r.manner, r.times) for r in rows)
    return written.getvalue()


def _check(given: Any) -> None:
    from engine.labs.motion.config.story import GREATEST_SEED

    if not 0 <= given.seed <= GREATEST_SEED:
        raise BadInput("seed", f"must be from 0 to {GREATEST_SEED} (got {given.seed})")
    if not 1 <= given.rounds <= MOST_ROUNDS:
        raise BadInput("rounds", f"must be from 1 to {MOST_ROUNDS} (got {given.rounds})")
    if not 1 <= given.seconds <= MOST_SECONDS:
        raise BadInput("seconds", f"must be from 1 to {MOST_SECONDS:g} (got {given.seconds:g})")


def _parser() -> Arguments:
    parser = Arguments(f"{PROGRAM} story", "a story in plain sentences becomes one motion")
    parser.add_argument("--text-file", required=True, help="the story, UTF-8")
    parser.add_argument("--out", required=True, help=".bvh, .npz, .glb or .csv")
    add_moving_joints(parser)
    parser.add_argument("--source", default="procedural", help=SOURCES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--blend", default="inertial", choices=("cut", "inertial", "progressive"))
    parser.add_argument("--match-by", default="words", choices=("words", "evaluator"))
    parser.add_argument("--places", default=None, help="a file of lines: name x z [radius]")
    parser.add_argument("--rounds", type=int, default=1, help="how often the story is told")
    parser.add_argument("--seconds", type=float, default=MOST_SECONDS, help="the most that is told")
    parser.add_argument("--table-out", default=None, help="the rows as CSV")
    return parser
