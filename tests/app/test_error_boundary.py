"""What fails on a page is a sentence with an id there, and a traceback in the log only."""

from __future__ import annotations

import re

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import LABS, ROOT, texts

pytestmark = pytest.mark.usefixtures("runner_off")

DETAIL = "a detail that only the log may show"


def broken(*args: object, **kwargs: object) -> None:
    raise RuntimeError(DETAIL)


@pytest.mark.parametrize("page", [None, *LABS, "papers", "runs", "report", "about"])
def test_a_page_that_fails_tells_an_id_and_the_log_the_rest(
    page: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60)
    if page:
        app.run()
    monkeypatch.setattr(streamlit, "title", broken)  # every page has one
    if page:
        app.switch_page(f"{page}.py")
    app.run()
    assert not app.exception
    [told] = app.error
    assert "Something went wrong" in told.value
    assert DETAIL not in texts(app) + told.value and "Traceback" not in texts(app) + told.value
    [identity] = re.findall(r"\*\*([0-9a-f]{8})\*\*", told.value)
    [record] = [record for record in caplog.records if identity in record.getMessage()]
    assert record.exc_info is not None and DETAIL in str(record.exc_info[1])
    assert "Engram Lab" in app.caption[-1].value  # the frame around it is there
