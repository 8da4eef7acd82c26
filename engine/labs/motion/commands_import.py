"""The command ``import``: a user's own recordings become a folder that the lab trains on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput

PROGRAM = "python -m engine motion"
KINDS = ("humanml", "cmu")
SPLITS = ("train", "val", "test")
MOST_TOLD = 20


def import_folder(argv: Sequence[str]) -> dict[str, Any]:
    """HumanML3D's folder, or CMU's BVH files by the manifest, in the schema of the lab's data.

    ``recordings`` is the number in each split; ``left_out`` counts what could not be used, and
    ``because`` has a sentence each for the first twenty. Raises BadInput for bad options, folders
    that are not there, a target that holds files, and where nothing can be used.
    """
    parser = Arguments(f"{PROGRAM} import", "your own recordings become data of the lab")
    parser.add_argument("folder", metavar="DIR", help="HumanML3D's folder, or one of CMU's BVH")
    parser.add_argument("--kind", required=True, choices=KINDS)
    parser.add_argument("--out", required=True, help="a new folder for --data")
    parser.add_argument(
        "--manifest",
        default=None,
        help="cmu: cmu_text_manifest.jsonl.gz; usual: that of the lab's own data",
    )
    given = parser.parse_args(list(argv))
    if given.manifest is not None and given.kind != "cmu":
        raise BadInput("manifest", "is for --kind cmu; texts of humanml are in its own folder")

    from engine.io.paths import local_path
    from engine.labs.motion.data.corpus import default_data
    from engine.labs.motion.own_data import check_target, write_recordings
    from engine.labs.motion.own_folders import read_cmu_folder, read_humanml_folder
    from engine.labs.motion.recordings import FIELD

    left_out: list[str] = []
    home = local_path(given.folder, field=FIELD)
    if given.kind == "cmu":
        manifest = given.manifest or default_data() / "cmu_text_manifest.jsonl.gz"
        found = read_cmu_folder(home, manifest, left_out.append)
    else:
        splits = [split for split in SPLITS if (home / f"{split}.txt").is_file()]
        if home.is_dir() and not splits:
            raise BadInput(FIELD, f"{home.name!r} has none of train.txt, val.txt and test.txt")
        found = read_humanml_folder(home, splits or SPLITS[:1], left_out.append)
    target = check_target(given.out)
    counts = write_recordings(found, target)
    if not counts:
        first = f"; the first: {left_out[0]}" if left_out else ""
        raise BadInput(FIELD, f"nothing in {home.name!r} could be used{first}")
    return {
        "folder": given.folder,
        "kind": given.kind,
        "out": str(target),
        "recordings": dict(counts),
        "left_out": len(left_out),
        "because": left_out[:MOST_TOLD],
    }
