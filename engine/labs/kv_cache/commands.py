"""The lab's own commands for the command line: ``evaluate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.core.context import QuietContext
from engine.io.text import read_text
from engine.labs.kv_cache.config import EvaluateConfig
from engine.labs.kv_cache.orders_grammar import SCOPES, SORT_KEYS
from engine.labs.kv_cache.sources import EMBEDDED, SAMPLES


class _ReadFile(QuietContext):
    """Reads the text straight from its file: a command leaves nothing in the store."""

    def read_input(self, address: str) -> bytes:
        return Path(address.removeprefix("input:")).read_bytes()


def evaluate(argv: Sequence[str]) -> dict[str, Any]:
    """Teacher-forced loss of one cache setting; returns the numbers that ``--json`` prints.

    Raises BadInput for every bad option, file, model, format or order.
    """
    options = vars(_parser().parse_args(list(argv)))
    policy = options.pop("policy_file")
    text = options["text"]
    if policy is not None:
        options["policy"] = read_text(policy, limit=20_000, field="policy")
    if text not in SAMPLES:
        read_text(text)  # a bad file is reported before a model is loaded
        options["text"] = f"input:{Path(text).expanduser().resolve()}"
    config = EvaluateConfig.build({k: v for k, v in options.items() if v is not None})

    from engine.labs.kv_cache.run import evaluate as run

    result = run(config, _ReadFile())
    notes = result.notes
    return {
        "model": notes["model"]["name"],
        "text": Path(text).name,
        "window": config.window,
        "key_format": config.key_format,
        "value_format": config.value_format,
        "order": config.order,
        "protocol": config.protocol,
        "sinks": config.sinks,
        "residual": config.residual,
        **result.metrics,
        "tokens": config.window * config.windows,
        "preparation": notes["preparation"],
        "unknown_tokens": notes["unknown_tokens"],
        "calibration": notes["calibration"],
    }


def _parser() -> Arguments:
    fields = EvaluateConfig.model_fields
    parser = Arguments(
        "python -m engine kv_cache evaluate",
        "Loss of a language model whose keys and values are stored in few bits.",
    )
    parser.add_argument("--model", default=EMBEDDED, help="folder, hub id or engram-lm")
    parser.add_argument(
        "--text", default=next(iter(SAMPLES)), help=f"a UTF-8 file, or {', '.join(SAMPLES)}"
    )
    parser.add_argument("--key-format", default="fp16", help="a format id")
    parser.add_argument("--value-format", default="fp16", help="a format id")
    for name in ("window", "windows", "sinks", "residual", "seed"):
        parser.add_argument(f"--{name}", type=int, help=fields[name].title)
    orders = f"{', '.join(SCOPES)}; all but none with :{', :'.join(SORT_KEYS)}"
    parser.add_argument("--order", help=f"{fields['order'].title}: {orders}")
    parser.add_argument("--protocol", help=fields["protocol"].title)
    parser.add_argument(
        "--policy", dest="policy_file", help="a JSON file of formats per layer and head"
    )
    return parser
