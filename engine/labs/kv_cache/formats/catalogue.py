"""What the formats are, for menus, the command line and tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """One part of an id: how it is written, what it may be, what it means."""

    name: str
    values: str
    default: str
    meaning: str


@dataclass(frozen=True)
class FormatInfo:
    """A family of formats; ``example`` is an id that ``parse_format`` takes."""

    pattern: str
    example: str
    family: str
    meaning: str
    source: str
    parameters: tuple[Parameter, ...] = ()


EXAMPLES: tuple[str, ...] = (
    "fp32",
    "fp16",
    "bf16",
    "bfp16:b64",
    "bfp14:b32",
    "bfp13:b32",
    "bfp12:b16",
    "bfp12:b32",
    "bfp12:b64",
    "bfp12:b128",
    "bfp12:b32:asym",
    "bfp11:b32",
    "bfp12:b32+hadamard",
    "int8:token",
    "int8:token:sym",
    "int4:token",
    "int4:token:head",
    "int4:token:g32",
    "int4:token:head+hadamard",
    "int4:token:r128:s4",
    "int4:channel:g32",
    "int4:channel:g32+pre-rope",
    "int3:channel:g32",
    "int2:channel:g32",
    "int2:channel:g32+pre-rope",
    "int2:token:head",
    "mxint8",
    "mxfp8-e4m3",
    "mxfp8-e5m2",
    "mxfp6-e2m3",
    "mxfp6-e3m2",
    "mxfp4",
    "mxfp4+hadamard",
    "nvfp4",
    "fp8-e4m3",
    "fp8-e5m2",
    "fp8-e4m3:tensor",
    "fp8-e4m3:head",
    "kivi-4:g32:r128",
    "kivi-2:g32:r128",
    "nuq4:sparse1+pre-rope",
    "nuq3:sparse1+pre-rope",
    "nuq3:sparse1",
    "nuq2:sparse1+pre-rope",
    "nuq3",
    "q8_0",
    "q5_1",
    "q5_0",
    "q4_1",
    "q4_0",
    "hqq8:g64",
    "hqq4:g64",
    "hqq3:g64",
    "hqq2:g64",
    "hqq1:g64",
    "hqq4:g64:axis0",
    "turbo4",
    "turbo3",
    "turbo2",
    "turbo4:qjl",
)


_WINDOW = (
    Parameter("rR", "r1 to r65536", "none", "the newest R tokens stay fp16"),
    Parameter("sS", "s1 to s65536", "none", "the first S tokens (attention sinks) stay fp16"),
    Parameter(
        "+hadamard", "suffix", "off", "rotate each head by H/sqrt(head_dim) around the codes"
    ),
    Parameter("+pre-rope", "suffix", "off", "quantise keys before the rotary embedding"),
)
_PRE_ROPE = (_WINDOW[-1],)


def list_formats() -> list[FormatInfo]:
    """The catalogue, one entry per family, in the order of a menu."""
    return [
        FormatInfo(
            "fp32 | fp16 | bf16",
            "fp16",
            "float",
            "Every value by itself as a float of that width; overflow saturates.",
            "IEEE 754; bfloat16",
            _PRE_ROPE,
        ),
        FormatInfo(
            "bfpN:bB[:asym]",
            "bfp12:b32",
            "bfp",
            "Block floating point: (N-8)-bit signed integers under one 8-bit exponent per block.",
            "arXiv 2403.20137",
            (
                Parameter("N", "10 to 24", "required", "8 exponent bits plus bits of a code"),
                Parameter("bB", "b1 to b4096", "b32", "neighbouring channels that share it"),
                Parameter("asym", "flag", "off", "also allow the code -2^(n-1)"),
                *_WINDOW,
            ),
        ),
        FormatInfo(
            "intN:token[:head|:gG][:sym]",
            "int4:token:head",
            "int",
            "N-bit integers per token: over its whole width, over each head, or over G channels.",
            "KIVI, arXiv 2402.02750 (asymmetric formula)",
            (
                Parameter("N", "2 to 8", "required", "bits of a code"),
                Parameter("head", "flag", "off", "one scale per head"),
                Parameter("gG", "g1 to g4096", "whole width", "channels that share a scale"),
                Parameter("sym", "flag", "off", "scale only, no zero point"),
                *_WINDOW,
            ),
        ),
        FormatInfo(
            "intN:channel:gG[:sym]",
            "int4:channel:g32",
            "int",
            "N-bit integers per channel over G consecutive tokens; a cache must gather G tokens.",
            "KIVI, arXiv 2402.02750",
            (
                Parameter("N", "2 to 8", "required", "bits of a code"),
                Parameter("gG", "g1 to g4096", "g32", "tokens that share a scale"),
                Parameter("sym", "flag", "off", "scale only, no zero point"),
                *_WINDOW,
            ),
        ),
        FormatInfo(
            "mxint8",
            "mxint8",
            "mx",
            "8-bit integers, 32 under one power of two: the same values as bfp16:b32.",
            "OCP Microscaling Formats v1.0",
            _WINDOW,
        ),
        FormatInfo(
            "mxfp8-e4m3 | mxfp8-e5m2 | mxfp6-e2m3 | mxfp6-e3m2 | mxfp4",
            "mxfp4",
            "mx",
            "Floats of 8, 6 or 4 bits, 32 under one power of two.",
            "OCP Microscaling Formats v1.0",
            _WINDOW,
        ),
        FormatInfo(
            "nvfp4",
            "nvfp4",
            "nvfp4",
            "4-bit floats with an E4M3 scale per 16 and a float32 scale per tensor.",
            "usual recipe: scale = e4m3(amax / 6 / g), g = tensor amax / (6 * 448)",
            _WINDOW,
        ),
        FormatInfo(
            "fp8-e4m3 | fp8-e5m2 [:tensor|:head]",
            "fp8-e4m3",
            "fp8",
            "8-bit floats, saturating; scale 1, or one float32 scale per tensor or per head.",
            "OCP FP8; vLLM key-value cache",
            (
                Parameter("tensor", "flag", "off", "one scale for keys (or values) of a layer"),
                Parameter("head", "flag", "off", "one scale per head"),
                *_WINDOW,
            ),
        ),
        FormatInfo(
            "kivi-N:gG:rR",
            "kivi-2:g32:r128",
            "kivi",
            "Keys per channel in G tokens, values per token in G channels, newest tokens fp16.",
            "KIVI, arXiv 2402.02750",
            (
                Parameter("N", "2 or 4", "required", "bits of a code"),
                Parameter("gG", "g1 to g4096", "g32", "values that share a scale"),
                Parameter("rR", "r1 to r65536, a multiple of G", "r128", "residual window"),
                *_WINDOW[1:],
            ),
        ),
        FormatInfo(
            "nuqN[:sparseP]",
            "nuq3:sparse1+pre-rope",
            "nuq",
            "A fitted codebook of 2^N values per tensor; the P percent largest stay sparse fp16.",
            "KVQuant, arXiv 2401.18079",
            (
                Parameter("N", "2 to 4", "required", "bits of a code"),
                Parameter("sparseP", "sparse0.01 to sparse10", "none", "percent kept exactly"),
                *_WINDOW,
            ),
        ),
        FormatInfo(
            "q8_0 | q5_1 | q5_0 | q4_1 | q4_0",
            "q8_0",
            "llama.cpp",
            "Blocks of 32 with a half-precision scale (_0) or scale and minimum (_1).",
            "llama.cpp, ggml reference quantisers",
            _WINDOW,
        ),
        FormatInfo(
            "hqqN:gG[:axis0]",
            "hqq4:g64",
            "hqq",
            "Integers whose zero point minimises an l_p error with p = 0.7; no calibration data.",
            "HQQ (half-quadratic quantisation)",
            (
                Parameter("N", "1, 2, 3, 4 or 8", "required", "bits of a code"),
                Parameter("gG", "g8 to g1024", "g64", "values that share scale and zero"),
                Parameter(
                    "axis0", "flag", "off", "groups of tokens of a channel (axis1: channels)"
                ),
                *_WINDOW,
            ),
        ),
        FormatInfo(
            "turboN[:qjl]",
            "turbo3",
            "turbo",
            "In the TurboQuant manner: head norm, random rotation, codebook of the unit sphere.",
            "TurboQuant, arXiv 2504.19874",
            (
                Parameter("N", "2 to 4", "required", "bits per coordinate"),
                Parameter("qjl", "flag", "off", "one of the bits codes the sign of the residual"),
                *_WINDOW,
            ),
        ),
    ]
