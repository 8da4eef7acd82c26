"""An ego graph that moves: pyvis' page, made to stand alone and to run nobody else's script.

pyvis links style and script of other hosts and writes its heading as markup. Here it has no
heading, all that it links is taken out, the shipped vis-network is put in, and a policy in the page
itself forbids it to fetch anything. Words of a memory stand in it as JSON strings only, in which
``<``, ``>`` and ``&`` are escaped. Where it is shown, it belongs into a frame with
``sandbox="allow-scripts"``.
"""

from __future__ import annotations

import html
import json
import re
from functools import cache

from engine.core.assets import ASSETS
from engine.core.errors import BadInput
from engine.figures.palette import Palette
from engine.labs.memory_graph.memory_around import Around
from engine.labs.memory_graph.neighbourhood import MOST

LIBRARY = ASSETS / "vendor" / "vis-network" / "vis-network.min.js"
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
SPREAD = 420
LONGEST = 40
OPTIONS = {
    "interaction": {"hover": True, "keyboard": False, "tooltipDelay": 120},
    "layout": {"improvedLayout": False, "randomSeed": 0},
    "physics": {
        "barnesHut": {"gravitationalConstant": -3000, "springLength": 110, "avoidOverlap": 0.2},
        "maxVelocity": 40,
        "minVelocity": 0.75,
        "stabilization": {"enabled": True, "fit": True, "iterations": 80},
    },
}
FOREIGN = re.compile(r"<link\b[^>]*>|<script\b[^>]*\bsrc\s*=[^>]*>\s*</script>|<!--.*?-->", re.S)
ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""")
HEADINGS = re.compile(r"<center>.*?</center>", re.S)


def physics_page(
    around: Around, palette: Palette, title: str = "Ego graph", nonce: str = ""
) -> str:
    """A whole HTML page of at most 150 nodes that attract and repel; raises BadInput for more.

    A frame inherits the content policy of the page that it stands in: ``nonce`` is what that policy
    asks of scripts. A page of its own needs none.
    """
    if len(around.labels) > MOST:
        raise BadInput("nodes", f"at most {MOST} move smoothly (got {len(around.labels)})")
    from pyvis.network import Network

    net = Network("100%", "100%", bgcolor=palette.paper, cdn_resources="remote", heading="")
    net.set_options(json.dumps(OPTIONS))
    spots = (SPREAD * around.xy).tolist()
    for node, (label, note, (x, y)) in enumerate(
        zip(around.labels, around.notes, spots, strict=True)
    ):
        net.add_node(
            node,
            label=label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…",
            title=f"{'note' if note else 'name'}: {label}",
            shape="square" if note else "dot",
            size=18 if node == 0 else 10,
            color=palette.accent if node == 0 else palette.category(1 if note else 0),
            font={"color": palette.ink, "size": 14},
            x=x,
            y=-y,
        )
    for one, other in around.edges.tolist():
        net.add_edge(one, other, color=palette.grid, width=1)
    return _alone(net.generate_html(notebook=False), palette, title, nonce)


def _alone(page: str, palette: Palette, title: str, nonce: str) -> str:
    """pyvis' page without what it links, and with the library in it."""
    body = HEADINGS.sub("", FOREIGN.sub("", page))
    head, mark, rest = body.partition('<meta charset="utf-8">')
    if not mark or ELSEWHERE.search(rest):
        raise RuntimeError("pyvis writes another page than the one that is known here")
    style = (
        f"html, body {{ background: {palette.paper}; height: 100%; margin: 0; }}"
        ".card, #mynetwork { border: 0 !important; height: 100%; width: 100%; }"
        "#loadingBar { display: none; }"
        f".vis-tooltip {{ background: {palette.panel}; border-radius: 6px; color: {palette.ink};"
        " font: 13px system-ui, sans-serif; padding: 6px 10px; position: absolute; }"
    )
    if nonce:
        # Data have no "<" left, so that every tag here is one of the page.
        rest = rest.replace("<script", f'<script nonce="{nonce}"')
    mine = f' nonce="{nonce}"' if nonce else ""
    start = head.replace("<html>", '<html lang="en">')
    return (
        f"<!DOCTYPE html>\n{start}{mark}\n"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n"
        f"<script{mine}>{_library()}</script>\n"
        f"{rest.replace('</head>', f'<style>{style}</style></head>', 1)}"
    )


@cache
def _library() -> str:
    return LIBRARY.read_text("utf-8")
