"""Where a view shows several experiments, "Copy as Python" has the lines of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import get_lab
from pages.kit.words import python_lines

pytestmark = pytest.mark.usefixtures("runner_off")

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"


@pytest.mark.parametrize(
    ("lab", "view", "experiments"),
    [
        ("diffusion", "ladder", ("ladder", "arrival", "basin")),
        ("diffusion", "tokens", ("tokens", "words")),
        ("diffusion", "atlas", ("atlas", "neuron")),
        ("memory_graph", "events", ("events", "order")),
        ("memory_hardware", "speedup", ("speedup", "sweep")),
        ("memory_hardware", "whatif", ("whatif", "tornado", "estimate")),
        ("motion", "lens", ("lens", "erase")),
    ],
)
def test_every_experiment_of_a_view_can_be_copied(
    lab: str, view: str, experiments: tuple[str, ...]
) -> None:
    app = AppTest.from_file(str(FRAME), default_timeout=120).run()
    app.query_params[f"{lab}.view"] = view
    app.switch_page(f"{lab}.py").run()
    assert not app.exception
    room, copied = get_lab(lab), [block.value for block in app.code]
    for name in experiments:
        experiment = room.experiment(name)
        lines = python_lines(room, experiment, experiment.config()).strip()
        assert sum(block.startswith(lines) for block in copied) == 1, name
