"""The lab's command for training: fit a node on measured steps, and predict others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.io.text import read_text

LIMIT_BYTES = 20_000_000


def offload(argv: Sequence[str]) -> dict[str, Any]:
    """Rates of a node from the rows that ``--fit`` names, and the step of every predicted row.

    Errors are relative to what was measured, in percent, over all predicted rows and by the rows'
    ``dir``. Raises BadInput naming line and column.
    """
    parser = Arguments("python -m engine memory_hardware offload", "predict optimizer steps")
    parser.add_argument("--runs", required=True, help="a CSV of measured runs")
    parser.add_argument("--fit", required=True, help="which rows to fit on: column=value")
    parser.add_argument("--predict", default="", help="another CSV; without it the other rows")
    given = parser.parse_args(list(argv))

    import numpy as np

    from engine.labs.memory_hardware.offload.fit import best_stride, fit_node, predict
    from engine.labs.memory_hardware.offload.runs import chosen, read_runs

    runs = read_runs(read_text(Path(given.runs), limit=LIMIT_BYTES, field="runs"))
    seen = chosen(runs, given.fit)
    fit = fit_node(seen)
    if given.predict:
        text = read_text(Path(given.predict), limit=LIMIT_BYTES, field="predict")
        others = read_runs(text, "predict")
    else:
        inside = {id(run) for run in seen}
        others = [run for run in runs if id(run) not in inside]
    seconds = predict(fit.node, others)
    measured = np.array([run.seconds for run in others])
    error = 100 * np.abs(seconds / measured - 1) if len(others) else np.zeros(0)
    return {
        "node": {
            "cpu_adam_gparams_per_s": fit.node.cpu_adam,
            "downcast_gparams_per_s": fit.node.downcast,
            "link_gb_per_s": fit.node.link,
            "host_gb_per_s": fit.node.host if "host" in fit.ranges else None,
        },
        "fitted_rows": fit.rows,
        "fit_mean_error_percent": fit.mean_error,
        "best_stride": best_stride(fit.node),
        "rows": [
            {
                "dir": run.place,
                "model": run.model,
                "ratio": run.plan.ratio,
                "stride": run.plan.stride,
                "step_ms": 1000 * predicted,
                "measured_ms": 1000 * run.seconds,
            }
            for run, predicted in zip(others, seconds.tolist(), strict=True)
        ],
        "mean_error_percent": float(error.mean()) if len(error) else None,
        "mean_error_percent_by_dir": {
            place: float(
                np.mean([e for e, run in zip(error, others, strict=True) if run.place == place])
            )
            for place in dict.fromkeys(run.place for run in others)
        },
        "worst_error_percent": float(error.max()) if len(error) else None,
        "notes": _notes({run.place for run in seen}, {run.place for run in others}),
    }


def _notes(fitted: set[str], predicted: set[str]) -> list[str]:
    """What limits the predictions: rates belong to where they were fitted."""
    if not (elsewhere := sorted(predicted - fitted)):
        return []
    return [
        f"Rates belong to the configuration of {', '.join(sorted(fitted))}; predicted rows are "
        f"also of {', '.join(elsewhere)}, whose node, ranks or micro-batch may differ."
    ]
