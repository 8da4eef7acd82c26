"""Paper and code side by side: what each switch of A-MEM does to the notes and to recall."""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.core.result import Result
from engine.labs.memory_graph.views.evolution import signed
from engine.labs.memory_graph.views.evolution_step import name_of

NAMES = {
    "before": "No evolution",
    "paper": "As the paper reads",
    "index_without_content": "(a) Index: no content",
    "ranks_as_positions": "(b) Ranks as places",
    "unwritten_history": "(c) No history",
    "as set": "All switches that are on",
}
LINKS = ("links followed", "links not followed")


def switch_table(result: Result, k: int) -> list[dict[str, object]]:
    """A row for each memory: recall, its difference to the paper's way, and whom it edited.

    "Wrong": notes edited though they were no neighbours; "In history": changes that the notes
    themselves know of.
    """
    trials = [row for row in result.notes["trials"] if row["name"] in NAMES]
    papers = set(_trial(result, "paper")["edited"])
    rows = []
    for trial in trials:
        row: dict[str, object] = {"Memory": NAMES[trial["name"]]}
        if "recall" in trial:
            row[f"Recall@{k} [%]"] = trial["recall"]
            row["Difference [points]"] = _difference(trial)
        row |= {
            "Changed": len(trial["edited"]),
            "Paper's": len(papers & set(trial["edited"])),
            "Wrong": len({note for _, note in trial["misplaced"]}),
            "Edits": trial["edits"],
            "In history": f"{trial['remembered']} of {trial['changes']}",
            "Rebuilds": trial["rebuilds"],
        }
        rows.append(row)
    return rows


def describe_switches(result: Result, k: int) -> str:
    """What each switch changes, in a sentence each."""
    a, b, c = (
        _trial(result, name)
        for name in ("index_without_content", "ranks_as_positions", "unwritten_history")
    )
    paper = _trial(result, "paper")
    wrong = {note for _, note in b["misplaced"]}
    parts = [
        f"(a) {_moved(a, k)}; {len(a['edited'])} older notes change instead of "
        f"{len(paper['edited'])}, and the index is rebuilt {a['rebuilds']} times instead of "
        f"{paper['rebuilds']}.",
        f"(b) {_moved(b, k)}; {len(wrong)} notes are edited although they were no neighbours.",
        f"(c) {_moved(c, k)}: the notes know of {c['remembered']} of {c['changes']} changes.",
    ]
    return " ".join(parts)


def wrongly_edited(result: Result) -> list[dict[str, object]]:
    """Notes that switch (b) edited though the analyst was not shown them, most often first."""
    misplaced = _trial(result, "ranks_as_positions")["misplaced"]
    steps: dict[int, list[int]] = {}
    for step, note in misplaced:
        steps.setdefault(note, []).append(step + 1)
    counts = Counter({note: len(at) for note, at in steps.items()})
    return [
        {
            "Note": name_of(result, note),
            "Times": times,
            "When these notes came": ", ".join(map(str, steps[note])),
        }
        for note, times in counts.most_common()
    ]


def link_table(result: Result, k: int) -> list[dict[str, object]]:
    """The paper's memory asked with and without its links; empty without questions."""
    if "trial_recall" not in result.fields:
        return []
    names = [row["name"] for row in result.notes["trials"]]
    other = next(name for name in names if name in LINKS)
    mine = LINKS[1 - LINKS.index(other)]
    found = {}
    for name, at in ((mine, names.index("paper")), (other, names.index(other))):
        found[name] = {
            "Retrieval": name.capitalize(),
            f"Recall of the first {k} [%]": float(result.array("trial_recall")[at].mean()),
            "Notes in the answer": float(result.array("trial_read")[at].mean()),
            "Recall of the whole answer [%]": float(result.array("trial_whole")[at].mean()),
        }
    return [found[LINKS[1]], found[LINKS[0]]]


def describe_links(result: Result, k: int) -> str:
    """What following links costs and gives."""
    without, with_links = link_table(result, k)
    first, read, whole = (key for key in without if key != "Retrieval")
    return (
        f"Linked notes take places: recall of the first {k} goes from {without[first]:.1f} to "
        f"{with_links[first]:.1f} %. Read to its end, an answer holds {with_links[read]:.1f} notes "
        f"instead of {without[read]:.1f} and {with_links[whole]:.1f} % of the evidence instead of "
        f"{without[whole]:.1f} %."
    )


def _trial(result: Result, name: str) -> dict[str, Any]:
    return next(row for row in result.notes["trials"] if row["name"] == name)


def _moved(trial: dict[str, Any], k: int) -> str:
    if "recall" not in trial:
        return "Recall is not known"
    if trial["difference"] == trial["low"] == trial["high"] == 0:
        return f"recall@{k} stays as it is"
    sure = trial["low"] > 0 or trial["high"] < 0
    return f"recall@{k} moves by {_difference(trial)} points" + ("" if sure else ", within chance")


def _difference(trial: dict[str, Any]) -> str:
    if trial["name"] == "paper":
        return ""
    if trial["difference"] == trial["low"] == trial["high"] == 0:
        return "none"
    return f"{signed(trial['difference'])} ({signed(trial['low'])} to {signed(trial['high'])})"
