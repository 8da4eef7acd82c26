"""A timeline as a file that other programs open: Chrome JSON, Perfetto protobuf, a table."""

from engine.io.trace_events.chrome import to_chrome
from engine.io.trace_events.perfetto import to_perfetto
from engine.io.trace_events.table import to_table
from engine.io.trace_events.trace import MOST_BYTES, MOST_EVENTS, TraceFile

__all__ = ["MOST_BYTES", "MOST_EVENTS", "TraceFile", "to_chrome", "to_perfetto", "to_table"]
