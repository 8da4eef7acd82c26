"""One value that both the page and a component may change, without echo and without resending.

A component remembers what it reported itself. Sending that back inside its data would resend the
whole message at every click, so the page's value is pushed, under a rising number, only when it
differs from what the component already shows. A fresh report of the component wins over the value
that the page passed in the same run; the page adopts it in the callback or from the return value.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

UNSET: Any = object()  # the page leaves the value to the component


def reconcile(key: str, field: str, given: Any, about: str = "") -> tuple[Any, dict[str, Any]]:
    """(what holds now, what to put into the component's data as ``pushed``).

    ``field`` is the component's state, reported as ``{"value": ..., "count": n}``. ``given`` is
    the page's value, or UNSET. ``about`` names what is shown: another thing under the same key
    begins anew in the component, which then needs the page's value again.
    """
    reported = report(key, field)
    memory = st.session_state.setdefault(
        f"_sync_{key}_{field}",
        {"reported": None, "believed": None, "pushed": None, "number": 0, "about": about},
    )
    anew = memory["about"] != about
    memory["about"] = about
    if reported is None and memory["reported"] is not None:
        # The component was taken off the page and starts anew: what held goes on holding.
        memory["reported"] = None
        if memory["pushed"] != memory["believed"]:
            memory["pushed"] = memory["believed"]
            memory["number"] += 1
    fresh = reported is not None and reported["count"] != memory["reported"]
    if fresh:
        memory["reported"] = reported["count"]
        memory["believed"] = reported["value"]
    elif given is not UNSET and (anew or given != memory["believed"]):
        memory["believed"] = memory["pushed"] = given
        memory["number"] += 1
    return memory["believed"], {"value": memory["pushed"], "number": memory["number"]}


def report(key: str, field: str) -> dict[str, Any] | None:
    """What the component reported last: ``{"value": ..., "count": n}``, or None."""
    state = st.session_state.get(key) or {}
    found = state.get(field)
    return found if isinstance(found, dict) and {"value", "count"} <= found.keys() else None
