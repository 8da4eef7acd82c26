"""``python -m engine``: every experiment and command of every lab, from the same definitions."""

from __future__ import annotations

import importlib
import logging
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import engine
from engine.cli_fields import config_from_options, experiment_options
from engine.core.arguments import ExperimentCommand
from engine.core.errors import BadInput, EngramError, NotFound
from engine.core.registry import Experiment, Lab, get_lab, labs
from engine.core.result import Result
from engine.scaffold import new_lab

PROGRAM = "python -m engine"
HELP = ("-h", "--help")
NEW_LAB = "new-lab"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code: 0, 1 (internal error) or 2 (bad input)."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    # Standard error is for our own sentence; a person who looks for more sets the variable.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        _check_text(words)
        answer = _dispatch([word for word in words if word != "--json"], as_json)
        if as_json:
            print(dump_json(answer), flush=True)
        return 0
    except SystemExit as stop:  # --help
        return stop.code if isinstance(stop.code, int) else 0
    except EngramError as error:
        return _fail(str(error), 2, as_json)
    except KeyboardInterrupt:
        return _fail("stopped", 130, as_json)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 1
    except Exception:
        identity = secrets.token_hex(4)
        return _fail(f"internal error, id {identity}{_log(identity)}", 1, as_json)


def _check_text(words: Sequence[str]) -> None:
    for place, word in enumerate(words, start=1):
        if any("\ud800" <= letter <= "\udfff" for letter in word):  # neither printed nor JSON
            raise BadInput("command line", f"argument {place} is not UTF-8: {word[:60]!r}")


def dump_json(value: Any) -> str:
    """One line of strict JSON: NaN and infinities become null, numpy values plain ones."""
    import orjson

    def plain(item: Any) -> Any:
        if hasattr(item, "tolist"):
            return item.tolist()
        if isinstance(item, Path):
            return str(item)
        raise TypeError(f"{type(item).__name__} is not JSON")

    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=plain, option=options).decode()


def _dispatch(words: list[str], as_json: bool) -> dict[str, Any]:
    if words == ["--version"]:
        if not as_json:
            print(engine.__version__)
        return {"version": engine.__version__}
    if not words or words[0] in HELP:
        return _list_labs(as_json)
    if words[0] == "sweep":
        return _sweep(words[1:], as_json)
    if words[0] == NEW_LAB:
        answer = new_lab(words[1:])
        if not as_json:
            print(*(f"written: {path}" for path in answer["files"]), sep="\n")
            print("next:", *answer["next"], sep="\n  ")
        return answer
    lab = get_lab(words[0])
    if len(words) == 1 or words[1] in HELP:
        return _describe_lab(lab, as_json)
    name, rest = words[1], words[2:]
    if name in lab.commands:  # a command may wrap the experiment of the same name
        return _run_command(lab, name, rest, as_json)
    known = dict.fromkeys([*lab.commands, *(entry.name for entry in lab.experiments)])
    if name not in known:
        raise NotFound(f"{lab.name} has no {name!r}; it has: {', '.join(known)}")
    return _run_experiment(lab, lab.experiment(name), rest, as_json)


def _list_labs(as_json: bool) -> dict[str, Any]:
    listing = {
        name: {
            "title": lab.title,
            "sentence": lab.sentence,
            "experiments": [experiment.name for experiment in lab.experiments],
            "commands": list(lab.commands),
        }
        for name, lab in labs().items()
    }
    if not as_json:
        print(f"usage: {PROGRAM} LAB [EXPERIMENT|COMMAND] [--field value ...] [--json]\n")
        for name, entry in listing.items():
            print(f"  {name:14} {entry['sentence']}")
        print("\n  sweep          Many runs of one experiment and a table of their metrics.")
        print(f"  {NEW_LAB} NAME   The skeleton of another lab.")
    return {"labs": listing}


def _describe_lab(lab: Lab, as_json: bool) -> dict[str, Any]:
    experiments = {
        experiment.name: {
            "title": experiment.title,
            "version": experiment.version,
            "fields": experiment.config.model_json_schema().get("properties", {}),
        }
        for experiment in lab.experiments
    }
    if not as_json:
        print(f"usage: {PROGRAM} {lab.name} NAME [--field value ...] [--json]\n\n{lab.sentence}")
        print("\ncommands:" if lab.commands else "", *lab.commands, sep="\n  ")
        print("\nexperiments:")
        for experiment in lab.experiments:
            print(f"  {experiment.name:14} {experiment.title}")
        print(f"\n{PROGRAM} {lab.name} NAME --help tells the fields.")
    return {"lab": lab.name, "commands": list(lab.commands), "experiments": experiments}


def _run_command(lab: Lab, name: str, rest: list[str], as_json: bool) -> dict[str, Any]:
    module, _, attribute = lab.commands[name].partition(":")
    command: Any = getattr(importlib.import_module(module), attribute)
    if isinstance(command, ExperimentCommand):
        return _run_experiment(lab, lab.experiment(command.experiment), rest, as_json, command)
    try:
        answer = command(rest)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise BadInput("command line", f"{PROGRAM} {lab.name} {name} --help tells more") from None
    if not isinstance(answer, Mapping):
        raise TypeError(f"{lab.commands[name]} returned {type(answer).__name__}, not a mapping")
    if not as_json:
        _print(answer)
    return dict(answer)


def _sweep(words: list[str], as_json: bool) -> dict[str, Any]:
    from engine.cli_sweep import USAGE, print_table, run_sweep

    if words in ([], ["-h"], ["--help"]):
        print(f"usage: {PROGRAM} sweep {USAGE}\n\nEvery combination of the values is a run.")
        return {}
    progress = _Progress()
    answer = run_sweep(f"{PROGRAM} sweep", words, progress)
    progress.finish()
    if not as_json:
        print_table(answer)
    return answer


def _print(answer: Mapping[str, Any]) -> None:
    for key, value in answer.items():
        print(f"{key}: {value if isinstance(value, str) else dump_json(value)}")


def _run_experiment(
    lab: Lab,
    experiment: Experiment,
    rest: list[str],
    as_json: bool,
    command: ExperimentCommand | None = None,
) -> dict[str, Any]:
    options = experiment_options(f"{PROGRAM} {lab.name} {experiment.name}", experiment)
    given = vars(options.parse_args(rest))
    asked = config_from_options(experiment.config, given, command.read if command else None)

    from engine.runtime.script import run
    from engine.store import Store, shipped_manifest

    store = Store.open()
    config = asked.grounded(store.inputs.put)
    digest = experiment.digest(lab.name, config)
    there = store.results.has(digest) or shipped_manifest(lab.name, digest) is not None
    if not (given["store"] and there):
        config.fits(store.inputs.get)
    progress = _Progress()
    result = run(
        lab.name, experiment.name, config, store=store if given["store"] else False,
        progress=progress,
    )  # fmt: skip
    progress.finish()
    told = command.tell(asked, result) if command else {}
    answer: dict[str, Any] = {
        **told,
        "lab": lab.name,
        "experiment": experiment.name,
        "version": experiment.version,
        "digest": digest,
        "config": config.model_dump(mode="json"),
        "metrics": dict(result.metrics),
        "fields": _describe_fields(result),
    }
    if given["out"]:
        answer["files"] = _write(Path(given["out"]), lab, result, answer, store)
    if not as_json:
        _print(told or result.metrics)
        for path in answer.get("files", []):
            print(f"written: {path}")
        print(f"digest: {answer['digest']}")
    return answer


def _describe_fields(result: Result) -> dict[str, Any]:
    return {
        name: {
            "axes": list(field.axes),
            "shape": list(field.array.shape),
            "unit": field.unit,
            "dtype": field.array.dtype.name,
        }
        for name, field in result.fields.items()
    }


def _write(folder: Path, lab: Lab, result: Result, answer: Any, store: Any) -> list[str]:
    from engine.store import shipped_manifest
    from engine.store.export import save_result

    digest = answer["digest"]
    manifest = shipped_manifest(lab.name, digest) or store.results.manifest(digest) or answer
    return [str(path) for path in save_result(folder, result, manifest)]


class _Progress:
    """How far a run is, on standard error: a line that is rewritten, or now and then a new one."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._pause = 0.1 if self._live else 5.0
        self._last = time.monotonic()
        self._shown = False

    def __call__(self, done: float, total: float, metrics: Mapping[str, float]) -> None:
        now = time.monotonic()
        if now - self._last < self._pause:
            return
        self._last, self._shown = now, True
        share = f"{100 * done / total:3.0f} %" if total > 0 else f"{done:g}"
        values = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        start, end = ("\r\x1b[K", "") if self._live else ("", "\n")
        print(f"{start}{share}  {values}"[:200], end=end, file=sys.stderr, flush=True)

    def finish(self) -> None:
        """End the rewritten line."""
        if self._live and self._shown:
            print(file=sys.stderr)


def _fail(sentence: str, code: int, as_json: bool) -> int:
    sentence = " ".join(sentence.split()).encode("utf-8", "backslashreplace").decode()
    print(f"error: {sentence}", file=sys.stderr)
    if as_json:
        print(dump_json({"error": sentence}), flush=True)
    return code


def _log(identity: str) -> str:
    """Write the present exception to the log; the words that tell where."""
    from engine.core.settings import home_folder, log_file
    from engine.runtime.logs import log_to

    path = log_file(home_folder())
    try:
        log_to(path)
        logging.getLogger("engine.cli").exception("internal error %s", identity)
    except OSError:
        return " (no log could be written)"
    return f"; the details are in {path}"
