"""What papers claim beside what results measure, for the lab's page and the page of papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from engine.core.result import Result

Standing = Literal["holds", "partly", "not here", "apart"]
STANDINGS: Mapping[Standing, str] = {
    "holds": "holds here",
    "partly": "holds in part",
    "not here": "does not show here",
    "apart": "not comparable",
}


@dataclass(frozen=True)
class Claim:
    """One published statement, what was measured beside it, and the difference in words.

    ``paper`` is the ``link`` of one of the lab's papers. ``published`` holds only figures that were
    read in ``source``; ``mark`` says what kind of place that is (paper, abstract, code, ...), and
    ``url`` where it lies, if that is not the paper. ``measured`` and ``verdict`` are sentences
    computed from a result, and so is ``standing``: whether the statement ``holds`` in our set-up,
    ``partly``, ``not here`` (noise included), or whether the two are too far ``apart`` to say.
    ``ours`` says how our figures came about.
    """

    paper: str
    statement: str
    measured: str
    source: str
    verdict: str
    standing: Standing
    published: str | None = None
    url: str | None = None
    mark: str = "paper"
    ours: str = "measured here"
    caveat: str | None = None


@dataclass(frozen=True)
class Unmeasured:
    """One published statement that nothing here can test, and ``because`` why, in a sentence."""

    paper: str
    statement: str
    because: str
    source: str
    published: str | None = None
    url: str | None = None
    mark: str = "paper"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Where claims are measured: ``claims`` reads them out of the result of ``config``.

    ``page`` is the page's state for the link that shows them; without a ``view`` it is the view of
    the experiment's name. ``claims`` returns none where the result cannot say anything.
    """

    experiment: str
    claims: Callable[[Result], Sequence[Claim]]
    config: Mapping[str, Any] = field(default_factory=dict)
    page: Mapping[str, Any] = field(default_factory=dict)
