"""Runs on the machines of a Dask cluster; ``CLUSTER.md`` beside the package tells how it is set up.

The server keeps its list of runs. Its host process hands each run to a worker as names and a
config; the worker computes it as this machine would, in a process of its own, and lays the result
where both sides see it.
"""

from engine.runtime.cluster.runner import DaskRunner

__all__ = ["DaskRunner"]
