"""How far a few bits move keys with one strong channel, and whether an order helps."""

import numpy as np

from engine.labs.kv_cache import parse_format

keys = np.random.default_rng(0).normal(size=(256, 128)).astype(np.float32)
keys[:, 7] *= 30  # one channel that would take the exponent of its whole block

for name in ("bfp12:b32", "mxfp4", "int4:channel:g32", "kivi-2:g32:r128"):
    form = parse_format(name)
    restored = form.fake_quantize(keys, head_dim=64)
    error = np.linalg.norm(restored - keys) / np.linalg.norm(keys)
    bits = form.bits_per_value(keys.shape, head_dim=64)
    print(f"{name:20} {bits:5.2f} bits a value, relative error {error:.3f}")
