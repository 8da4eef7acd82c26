"""How many threads a small network is run with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Run what is inside on one thread.

    One clip of a small network is thousands of short operations: on a busy machine a second thread
    costs more in waiting than it saves, and CPU seconds would count the waiting.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
