"""Where runs are computed: the Runner protocol, jobs on this machine, and scripts."""

from engine.runtime.runner import Runner, get_runner

__all__ = ["Runner", "get_runner"]
