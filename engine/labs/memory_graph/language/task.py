"""An extraction in a thread of its own, for a page: the key never leaves its process.

Jobs run in processes of their own from stored configs, which must hold no key. So the page asks the
model itself, and a job gets the record, by its content, and replays it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from engine.core.errors import EngramError, LimitExceeded
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.language.budget import Budget, Metered
from engine.labs.memory_graph.language.chat import Chat
from engine.labs.memory_graph.language.extraction import Extraction, extract_with
from engine.labs.memory_graph.language.record import Lines, Recorder

MOST_TASKS = 8  # of all visitors together
MOST_OF_ONE = 2
# A visitor who is gone must not go on paying. Tabs in the background ask once a minute.
UNWATCHED_SECONDS = 300.0

_running: Counter[str] = Counter()
_lock = threading.Lock()


class Task:
    """Started at once; ask ``done``, ``total``, ``finished``, then take ``result``.

    ``make(pause)`` builds the chat that is to wait by ``pause``, so that cancelling is heard there
    too. ``known`` is an earlier record to go on from. ``visitor`` is whoever asks. Raises
    BadInput, and LimitExceeded where too many run.
    """

    def __init__(
        self,
        make: Callable[[Callable[[float], object]], Chat],
        passages: Sequence[Passage],
        ceiling: int,
        *,
        parallel: int = 1,
        known: Lines | None = None,
        visitor: str = "local",
    ):
        self.budget = Budget(ceiling)
        self.total = len(passages)
        self.done = 0
        self.error: EngramError | None = None
        self.failed = False
        self._cancel = threading.Event()
        self._watched = time.monotonic()
        self._result: Extraction | None = None
        self._recorder = Recorder(Metered(make(self._cancel.wait), self.budget), known)
        self._visitor = visitor
        _take_place(visitor)
        self._thread = threading.Thread(target=self._run, args=(passages, parallel), daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"Task({self._recorder.name!r}, {self.done} of {self.total})"

    @property
    def model(self) -> str:
        """The model's name."""
        return self._recorder.name

    @property
    def finished(self) -> bool:
        """Whether it is over, well or not."""
        return not self._thread.is_alive()

    @property
    def cancelling(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancel.is_set()

    @property
    def record(self) -> bytes:
        """Every reply so far, also of a run that failed."""
        return self._recorder.record

    @property
    def result(self) -> Extraction | None:
        """What was read, once it is over; None where it failed."""
        return self._result if self.finished else None

    def watch(self) -> None:
        """Somebody is looking: it may go on."""
        self._watched = time.monotonic()

    def cancel(self) -> None:
        """Begin no further passage; what was read is kept."""
        self._cancel.set()

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    def _run(self, passages: Sequence[Passage], parallel: int) -> None:
        try:
            self._result = extract_with(
                self._recorder,
                passages,
                parallel=parallel,
                progress=self._progress,
                stop=self._stop,
            )
        except EngramError as error:
            self.error = error
        except Exception:
            self.failed = True
            raise  # for the log
        finally:
            _give_back(self._visitor)

    def _progress(self, done: int, total: int) -> None:
        self.done = max(self.done, done)

    def _stop(self) -> bool:
        gone = time.monotonic() - self._watched > UNWATCHED_SECONDS
        return self._cancel.is_set() or gone


def _take_place(visitor: str) -> None:
    with _lock:
        if _running.total() >= MOST_TASKS:
            raise LimitExceeded(f"{MOST_TASKS} extractions run on this server; try again later")
        if _running[visitor] >= MOST_OF_ONE:
            raise LimitExceeded(f"{MOST_OF_ONE} extractions of yours run; wait for one of them")
        _running[visitor] += 1


def _give_back(visitor: str) -> None:
    with _lock:
        _running[visitor] -= 1
        if not _running[visitor]:
            del _running[visitor]
