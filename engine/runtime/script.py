"""``engine.run``: one result for a script or a notebook, computed in this process when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.config import Config
from engine.core.context import Context, QuietContext
from engine.core.errors import BadInput, EngramError
from engine.core.registry import Experiment, Lab, get_lab
from engine.core.result import Result
from engine.runtime.execute import execute, failure_sentence
from engine.runtime.limits import Limits
from engine.store import Store, lookup

Progress = Callable[[float, float, Mapping[str, float]], None]


class _Telling(QuietContext):
    def __init__(self, tell: Progress | None, read_input: Callable[[str], bytes]):
        super().__init__(read_input)
        self._tell = tell

    def progress(self, done: float, total: float, **metrics: float) -> None:
        """Pass it on; what ``tell`` raises stops the run."""
        if self._tell is not None:
            self._tell(done, total, {name: float(value) for name, value in metrics.items()})


def run(
    lab: str,
    experiment: str,
    config: Config | Mapping[str, Any] | None = None,
    /,
    *,
    store: bool | Store | None = True,
    progress: Progress | None = None,
    **fields: Any,
) -> Result:
    """The result of one experiment: shipped or stored if it is there, else computed here.

    ``config`` is the experiment's config, a mapping of its fields, or nothing; ``fields`` are
    laid over it. ``store=True`` means the user's store, a Store that one, ``False`` or ``None``
    neither reads nor writes results (files that a config names are still kept as inputs).
    ``progress(done, total, metrics)`` is called while it computes.
    Raises BadInput for a value that cannot be used and NotFound for an unknown name.

    >>> engine.run("kv_cache", "evaluate", key_format="bfp12:b32")  # doctest: +SKIP
    """
    chosen_lab = get_lab(lab)
    chosen = chosen_lab.experiment(experiment)
    settings = _config(chosen.config, config, fields)
    if isinstance(store, Store):
        keep: Store | None = store
    else:
        keep = Store.open() if store else None
    inputs = (keep or Store.open()).inputs
    settings = settings.grounded(inputs.put)
    if keep is not None:
        found = lookup(chosen_lab, chosen, settings, keep)
        if found is not None:
            return found
    result, manifest = _compute(chosen_lab, chosen, settings, _Telling(progress, inputs.get))
    if keep is not None:
        keep.results.save(chosen.digest(chosen_lab.name, settings), result, manifest)
    return result


def _compute(
    lab: Lab, experiment: Experiment, config: Config, context: Context
) -> tuple[Result, dict[str, Any]]:
    limits = Limits.from_environment()
    try:
        return execute(
            lab.name,
            experiment,
            config,
            context,
            threads=limits.threads,
            output_mb=limits.output_mb,
        )
    except EngramError:
        raise
    except Exception as error:
        sentence = failure_sentence(error, experiment.memory_mb)
        if sentence is None:
            raise
        raise EngramError(sentence) from error


def _config(
    kind: type[Config], config: Config | Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> Config:
    if isinstance(config, Config):
        if not isinstance(config, kind):
            raise BadInput("config", f"{kind.__name__} is required")
        return kind.build(config.model_dump(), **fields) if fields else config
    return kind.build(config, **fields)
