"""Shapes of well-known models, each read from a published config.json.

``source`` names the hub repository whose config was read: the maker's own, or a copy of it (most
makers' files are behind a licence form). ``context`` is its ``max_position_embeddings``
(``n_positions`` in GPT-2).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelShape:
    """What a key-value cache needs to know. ``window``: tokens that sliding layers keep."""

    name: str
    layers: int
    kv_heads: int
    head_dim: int
    context: int
    source: str
    window: int | None = None
    sliding_layers: int = 0
    note: str = ""

    @property
    def width(self) -> int:
        """Channels of all KV heads of a layer."""
        return self.kv_heads * self.head_dim

    def held(self, tokens: int) -> tuple[tuple[int, int], ...]:
        """(layers, tokens they hold) when ``tokens`` were read."""
        if not self.window or not self.sliding_layers:
            return ((self.layers, tokens),)
        kept = ((self.sliding_layers, min(tokens, self.window)),)
        full = self.layers - self.sliding_layers
        return (*kept, (full, tokens)) if full else kept


MODELS: tuple[ModelShape, ...] = (
    ModelShape("GPT-2", 12, 12, 64, 1024, "transformers, GPT2Config (its defaults are this model)"),
    ModelShape("GPT-2 medium", 24, 16, 64, 1024, "openai-community/gpt2-medium"),
    ModelShape("GPT-2 large", 36, 20, 64, 1024, "openai-community/gpt2-large"),
    ModelShape("GPT-2 XL", 48, 25, 64, 1024, "openai-community/gpt2-xl"),
    ModelShape("Pythia-160M", 12, 12, 64, 2048, "EleutherAI/pythia-160m-v0"),
    ModelShape("Pythia-410M", 24, 16, 64, 2048, "EleutherAI/pythia-410m"),
    ModelShape("Pythia-1B", 16, 8, 256, 2048, "lomahony/pythia-1b-helpful-sft"),
    ModelShape("Pythia-1.4B", 24, 16, 128, 2048, "tlc4418/pythia_1.4b_sft_policy"),
    ModelShape("Pythia-2.8B", 32, 32, 80, 2048, "EleutherAI/pythia-2.8b-v0"),
    ModelShape("Pythia-6.9B", 32, 32, 128, 2048, "EleutherAI/pythia-6.9b"),
    ModelShape("Pythia-12B", 36, 40, 128, 2048, "EleutherAI/pythia-12b"),
    ModelShape("SmolLM2-135M", 30, 3, 64, 8192, "Avibhi/SmolLM2-SFT-DSQA"),
    ModelShape("SmolLM2-1.7B", 24, 32, 64, 8192, "HuggingFaceTB/SmolLM2-1.7B-Instruct"),
    ModelShape("Qwen2.5-0.5B", 24, 2, 64, 32768, "osllmai-community/Qwen2.5-0.5B"),
    ModelShape("Qwen2.5-7B", 28, 4, 128, 131072, "AmberYifan/Qwen2.5-7B-gen-dpo-10k"),
    ModelShape("Qwen2.5-72B", 80, 8, 128, 131072, "BitStack/BitStack-Qwen2.5-72B"),
    ModelShape("Qwen3-8B", 36, 8, 128, 40960, "thejaminator/qwen-hook-layer-9"),
    ModelShape("Qwen3-32B", 64, 8, 128, 40960, "Ascend/MindSpeed-RL, configs/model/qwen3_32b.yaml"),
    ModelShape(
        "Mistral-7B v0.1",
        32,
        8,
        128,
        32768,
        "dmayboroda/42_mistral_0.1",
        window=4096,
        sliding_layers=32,
        note="every layer slides over 4,096 tokens",
    ),
    ModelShape("Mixtral-8x7B", 32, 8, 128, 32768, "mistralai/Mixtral-8x7B-Instruct-v0.1"),
    ModelShape(
        "Phi-3-mini 4k",
        32,
        32,
        96,
        4096,
        "ehartford/phi3-4k",
        window=2047,
        sliding_layers=32,
        note="every layer slides over 2,047 tokens",
    ),
    ModelShape(
        "Gemma-2-9B",
        42,
        8,
        256,
        8192,
        "ashercn97/blanked-v011",
        window=4096,
        sliding_layers=21,
        note="every second layer slides over 4,096 tokens (transformers Gemma2Config)",
    ),
    ModelShape("Llama-2-7B", 32, 32, 128, 4096, "TheBloke/Llama-2-7B-fp16"),
    ModelShape("Llama-2-13B", 40, 40, 128, 4096, "NousResearch/Llama-2-13b-chat-hf"),
    ModelShape("Llama-2-70B", 80, 8, 128, 4096, "TheBloke/Llama-2-70B-fp16"),
    ModelShape("Llama-3-8B", 32, 8, 128, 8192, "jerryzh168/llama3-8B"),
    ModelShape("Llama-3-70B", 80, 8, 128, 8192, "kittn/Meta-Llama-3-70B-quant"),
    ModelShape("Llama-3.1-8B", 32, 8, 128, 131072, "NbAiLab/nb-llama-3.1-8B"),
    ModelShape(
        "Llama-3.1-405B",
        126,
        8,
        128,
        131072,
        "relaxml/Llama-3.1-405B-Instruct-QTIP-4Bit-TP8",
        note="first published with 16 KV heads in its config, corrected to 8 later",
    ),
)
