"""What a page keeps in the address beside its settings has names of its own."""

from __future__ import annotations

import ast

import pytest

from engine.core import Lab, labs
from pages.kit.links import field_key
from tests.app.test_pages import LABS, ROOT


def settings_of(lab: Lab) -> set[str]:
    """The parameters of all settings of a lab."""
    return {
        field_key(lab, experiment, name)
        for experiment in lab.experiments
        for name in experiment.config.model_fields
    }


@pytest.mark.parametrize("lab", LABS)
def test_no_state_of_a_page_has_the_name_of_a_setting(lab: str) -> None:
    """A link to one view would else set, or spoil, what another view computes."""
    files = [ROOT / "pages" / f"{lab}.py", *(ROOT / "pages" / "panels" / lab).rglob("*.py")]
    named = {
        node.value: path.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert any(name.startswith(f"{lab}.") for name in named)
    assert {name: named[name] for name in named.keys() & settings_of(labs()[lab])} == {}
