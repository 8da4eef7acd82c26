"""Every choice of every view: no two of its options are written alike."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.app.test_kit_compare import views
from tests.app.test_pages import LABS, visit

pytestmark = pytest.mark.usefixtures("runner_off")


@pytest.mark.parametrize(("lab", "view"), [(lab, view) for lab in LABS for view in views(lab)])
def test_options_are_told_apart_by_their_labels(lab: str, view: str) -> None:
    app = visit(lab, **{f"{lab}.view": view})
    choices = [*app.selectbox, *app.multiselect, *app.radio, *app.button_group]
    assert choices
    for choice in choices:
        options = Counter(str(getattr(option, "content", option)) for option in choice.options)
        assert max(options.values(), default=1) == 1, (choice.key, options.most_common(1))
