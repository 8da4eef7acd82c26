"""Number formats of key-value caches: exact definitions, true bits, stored form.

>>> parse_format("bfp12:b32").fake_quantize(x)   # x [..., tokens, channels], NumPy or torch

Importing this package loads neither torch nor transformers.
"""

from engine.labs.kv_cache.formats.base import Detail, Role
from engine.labs.kv_cache.formats.catalogue import EXAMPLES, FormatInfo, Parameter, list_formats
from engine.labs.kv_cache.formats.encoded import Encoded
from engine.labs.kv_cache.formats.format import Format, Inspection
from engine.labs.kv_cache.formats.grammar import parse_format

__all__ = [
    "EXAMPLES",
    "Detail",
    "Encoded",
    "Format",
    "FormatInfo",
    "Inspection",
    "Parameter",
    "Role",
    "list_formats",
    "parse_format",
]
