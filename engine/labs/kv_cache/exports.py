"""What the lab gives away in files of its own, made from results without a model."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save

from engine.core.result import Result


def permutation_file(result: Result) -> bytes:
    """safetensors bytes of an ``order_check``: a permutation per layer and the folded weights.

    Tensors ``layers.0.permutation`` (width), ``layers.0.w_q`` and ``layers.0.w_k`` (row, input),
    rows being heads x channels in the new order, with biases and gains where the model has any.
    """
    tensors = {
        f"layers.{layer}.{name.replace('_bias', '.bias').replace('_gain', '.gain')}": np.array(part)
        for name, field in result.fields.items()
        for layer, part in enumerate(field.array)
    }
    names = {"order": result.notes["order"], "model": result.notes["model"]["name"]}
    return save(tensors, metadata={**names, "layout": "rows are heads x channels"})
