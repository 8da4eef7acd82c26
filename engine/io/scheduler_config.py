"""The door for a pipeline's ``scheduler_config.json``: judged before a schedule is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.errors import BadInput

SCHEDULER = "scheduler_config.json"
LEAST_STEPS, MOST_STEPS = 10, 10_000
# Key -> what the DDIM scheduler knows, its default first.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "prediction_type": ("epsilon", "sample", "v_prediction"),
    "timestep_spacing": ("leading", "trailing", "linspace"),
    "beta_schedule": ("linear", "scaled_linear", "squaredcos_cap_v2"),
}
BETAS: Mapping[str, float] = {"beta_start": 0.0001, "beta_end": 0.02}
SWITCHES = ("clip_sample", "set_alpha_to_one", "thresholding", "rescale_betas_zero_snr")


def check_scheduler(config: Mapping[str, Any], *, field: str = "model") -> None:
    """Raise BadInput for a noise schedule that cannot be sampled by DDIM; absent keys are defaults.

    Wanted: 10 to 10000 training steps, kinds that are known, betas between 0 and 1, as many
    trained ones as there are steps, an offset of 0 or 1, and shares from 0 to 1.
    """

    def refuse(key: str, wanted: str, got: Any) -> None:
        raise BadInput(
            field, f"scheduler/{SCHEDULER}: {key} must be {wanted} (got {repr(got)[:40]})"
        )

    count = config.get("num_train_timesteps", 1000)
    if type(count) is not int or not LEAST_STEPS <= count <= MOST_STEPS:
        refuse("num_train_timesteps", f"a whole number from {LEAST_STEPS} to {MOST_STEPS}", count)
    for key, names in KNOWN.items():
        kind = config.get(key, names[0])
        if kind not in names:
            refuse(key, f"one of {', '.join(names)}", kind)
    for key, usual in BETAS.items():
        if not _is_beta(beta := config.get(key, usual)):
            refuse(key, "a number above 0 and below 1", beta)
    trained = config.get("trained_betas")
    if trained is not None and (
        not isinstance(trained, list) or len(trained) != count or not all(map(_is_beta, trained))
    ):
        refuse("trained_betas", f"null or {count} numbers above 0 and below 1", trained)
    offset = config.get("steps_offset", 0)
    if type(offset) is not int or offset not in (0, 1):
        refuse("steps_offset", "0 or 1", offset)
    for key in SWITCHES:
        if not isinstance(value := config.get(key, False), bool):
            refuse(key, "true or false", value)
    share = config.get("dynamic_thresholding_ratio", 0.995)
    if not _is_number(share) or not 0 <= share <= 1:
        refuse("dynamic_thresholding_ratio", "a number from 0 to 1", share)
    for key in ("sample_max_value", "clip_sample_range"):
        most = config.get(key, 1.0)
        if not _is_number(most) or not 0 < most <= 1000:
            refuse(key, "a number above 0 and at most 1000", most)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)  # NaN fails every comparison after this


def _is_beta(value: Any) -> bool:
    return _is_number(value) and 0 < value < 1
