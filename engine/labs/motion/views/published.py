"""The papers' tables and what is to be known before anybody quotes them."""

from __future__ import annotations

import math

from engine.labs.motion.published import Table, tables


def published_rows(table: Table) -> list[dict[str, str]]:
    """A row for each method, figures as they were printed; what was not printed is empty."""
    places = [
        max(_places(figures[at]) for figures in table.rows.values())
        for at in range(len(table.columns))
    ]
    return [
        {
            "Method": name,
            **{
                column: "" if math.isnan(figure) else f"{figure:.{count}f}"
                for column, figure, count in zip(table.columns, figures, places, strict=True)
            },
        }
        for name, figures in table.rows.items()
    ]


def _places(figure: float) -> int:
    """Decimals of a figure; the longest of a column are those that all of it was printed with."""
    return 0 if math.isnan(figure) else len(f"{figure!r}".partition(".")[2])


def describe_published() -> list[str]:
    """Where the papers' claims and tables do not agree, with the tables' own figures."""
    found = tables()
    main, long = found["motion-mamba-humanml3d"], found["motion-mamba-long"]
    babel, turns, parts = found["kmm-babel"], found["kmm-babel-d"], found["kmm-ablation"]
    match = "MM-Dist"
    ours, best, old = (main.figure(row, "FID") for row in ("Motion Mamba", "MLD", "MDM"))
    away, before = (long.figure(row, "FID") for row in ("Motion Mamba", "MLD"))
    return [
        f"Motion Mamba's abstract says up to 50 % less FID. Its table has {ours:.3f} beside MLD's "
        f"{best:.3f}, which is {1 - ours / best:.0%} less, and MDM's {old:.3f}, "
        f"{1 - ours / old:.0%} less; for long clips {away:.3f} beside {before:.3f}, "
        f"{1 - away / before:.0%} less.",
        f"Its text calls {main.figure('Motion Mamba', 'MM-Dist'):.3f} the best MModality; in the "
        "table that is the MM-Dist, and the MModality is "
        f"{main.figure('Motion Mamba', 'MModality'):.3f}.",
        "It takes 0.058 s a sentence where MLD takes 0.217 s with as many steps. The latent is two "
        "tokens long, so that this cannot come from the length of the sequence.",
        "KMM's version 1 claims 57 % less FID and 70 % fewer parameters, version 2 other shares: "
        "a quote needs the version.",
        f"KMM's MM-Dist is better than that of the ground truth: {babel.figure('KMM', match):.2f} "
        f"beside {babel.figure('ground truth', match):.2f} on BABEL and "
        f"{turns.figure('KMM', match):.2f} beside {turns.figure('ground truth', match):.2f} "
        "on BABEL-D. The evaluator is at its end, or the alignment was fitted to it.",
        f"With alignment KMM's R@3 falls from {parts.figure('without alignment', 'R@3'):.3f} to "
        f"{parts.figure('full', 'R@3'):.3f} while its FID goes from "
        f"{parts.figure('without alignment', 'FID'):.2f} to {parts.figure('full', 'FID'):.2f}.",
        f"The FID on BABEL-D is {turns.figure('KMM', 'FID'):.2f} in version 1 and 0.62 in a third "
        "party's note on version 2.",
    ]
