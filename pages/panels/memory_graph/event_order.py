"""SORT under the events: does a memory know what came first?"""

from __future__ import annotations

from engine.core import Lab
from engine.labs.memory_graph.config import EventsConfig
from engine.labs.memory_graph.views.claims import order_claims
from engine.labs.memory_graph.views.order import bin_names, describe_order, draw_order
from pages.kit import explain, form, obtain, palette, say, section, show, show_claims

FIELDS = (
    "excerpt_words",
    "segment_words",
    "cue_words",
    "reach",
    "per_bin",
    "sort_seed",
)


def show_order(lab: Lab, config: EventsConfig) -> None:
    """Accuracy by distance of four memories of the same events."""
    section(
        "Which came first?",
        "SORT shows a memory two segments and asks for their order. All four find the same events "
        "by the same words; they differ in what they know about time.",
    )
    experiment = lab.experiment("order")
    obtained = obtain(lab, experiment, form(lab, experiment, fields=FIELDS, layout="row"))
    result = obtained.result
    if result is None:
        return
    figure = draw_order(result, palette())
    names = result.notes["memories"]
    show(
        figure,
        "memory_graph_order",
        figure.layout.meta["alt"],
        export=lambda: {
            "distance [words]": bin_names(result),
            **{
                f"{name}{end} [%]": result.array(field)[i]
                for i, name in enumerate(names)
                for end, field in (("", "accuracy"), (" low", "low"), (" high", "high"))
            },
        },
    )
    say(lab, describe_order(result))
    explain(
        lab,
        "Order",
        events=int(result.number("events")),
        reach=int(result.notes["reach"]),
        found=f"{100 * result.number('found'):.1f}",
    )
    show_claims(order_claims(result))
