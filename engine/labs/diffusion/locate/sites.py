"""Where weights are looked for: kinds of layers of the U-Net, or the text encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from engine.core import BadInput
from engine.labs.diffusion.model.pipeline import Pipeline


@dataclass(frozen=True)
class Site:
    """Layers whose names end alike, in the U-Net or in the text encoder."""

    title: str
    suffixes: tuple[str, ...]
    network: str = "unet"


SITES: Mapping[str, Site] = {
    "ff_out": Site("second feed-forward layer", (".ff.net.2",)),
    "ff_in": Site("first feed-forward layer", (".ff.net.0.proj",)),
    "cross_k": Site("cross-attention keys", (".attn2.to_k",)),
    "cross_v": Site("cross-attention values", (".attn2.to_v",)),
    "cross_out": Site("cross-attention output", (".attn2.to_out.0",)),
    "conv": Site("convolutions of the residual blocks", (".conv1", ".conv2")),
    "text": Site("second feed-forward layer of the text encoder", (".mlp.fc2",), "text"),
}


def find_site(name: str) -> Site:
    """The site of that name; raises BadInput and lists the ones there are."""
    if name not in SITES:
        raise BadInput("site", f"must be one of {', '.join(SITES)} (got {name[:40]!r})")
    return SITES[name]


def layers(pipeline: Pipeline, site: Site) -> dict[str, nn.Module]:
    """The site's layers by name, in the order in which the network lists them.

    That is not the order in which they run (down, up, then mid): nothing here counts calls.
    Raises BadInput where the network has none.
    """
    network = getattr(pipeline, site.network)
    found = {
        name: module
        for name, module in network.named_modules()
        if name.endswith(site.suffixes) and isinstance(module, nn.Linear | nn.Conv2d)
    }
    if not found:
        raise BadInput("site", f"this pipeline has no {site.title}")
    return found


def channels(inputs: Tensor) -> Tensor:
    """A layer's input as (n, positions, channels): pixels of a convolution, tokens of the rest."""
    if inputs.ndim == 4:  # b c h w
        return inputs.flatten(2).transpose(1, 2)
    return inputs.reshape(len(inputs), -1, inputs.shape[-1])


def columns(statistic: Tensor, weight: Tensor) -> Tensor:
    """A statistic of each input channel (..., channels) for each column of the weight's rows.

    A convolution's row holds a kernel for every channel: its columns share their channel's value.
    """
    return statistic.repeat_interleave(weight[0].numel() // weight.shape[1], dim=-1)
