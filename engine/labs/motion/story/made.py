"""Motion that a model makes, row by row; KMM goes on from the state that it carries."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.generation.generate import How, finish, sample_rows, sampling_options
from engine.labs.motion.generation.unmask import Carried, hand_on, rows_of, unmask
from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.stored import Model
from engine.labs.motion.story.sources import Piece, Wanted

FRAMES = 80  # rows of a piece where nothing tells how many
LEAST_ROWS = 20
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
CODES = "codes:"
SEEDS = 2**31  # seeds of two takes lie further apart than those of two rows


class ModelSource:
    """Pieces that a model of motion makes of the text; ``unknown`` collects words it left out."""

    def __init__(self, model: Model, how: How | None = None):
        self.model, self.how = model, how or How()
        self.name = model.name
        self.datasets = model.config.datasets
        self.unknown: dict[str, str] = {}
        self._carried: Carried | None = None
        self._codes: Tensor | None = None

    def piece(self, wanted: Wanted) -> Piece | None:
        """So many rows as are wanted, up to 196; None where the model knows none of the words."""
        try:
            reading = self.model.vocabulary.read(wanted.text)
        except BadInput:
            return None
        self.unknown |= reading.unknown
        size = min(max(wanted.frames or FRAMES, LEAST_ROWS), LONGEST)
        ids = torch.tensor([reading.ids])
        if self.model.kind == "kmm":
            return self._carry_on(wanted, ids, size)
        seed = _seed(wanted)
        rows = sample_rows(self.model, ids, [size], [seed], self.how)[0]
        return Piece(f"seed:{seed}-{size}", rows[: wanted.frames or size], wanted.text)

    def played(self, frames: int) -> None:
        """Carry on from the state behind the tokens that were played."""
        if self._codes is None:
            return
        tokens = max(2, -(-frames // STRIDE))
        self._carried = hand_on(self.model.network, self._codes[:, :tokens], self._carried)
        self._codes = None

    def _carry_on(self, wanted: Wanted, ids: Tensor, size: int) -> Piece:
        network = self.model.network
        codes = self._kept(wanted.kept)
        if codes is None:
            options = sampling_options(self.how)
            lengths = torch.tensor([STRIDE * -(-size // STRIDE)])
            codes, _ = unmask(
                network, ids, lengths, [_seed(wanted)], carried=self._carried, **options
            )
        before = self._carried.codes if self._carried is not None else codes[:, :0]
        whole = torch.cat([before, codes], dim=1)
        made = rows_of(network, whole, torch.tensor([whole.shape[1]])).numpy()[0]
        rows = finish(self.model, made[STRIDE * before.shape[1] :], self.how)
        self._codes = codes
        count = wanted.frames or size
        return Piece(write_codes(codes), rows[:count].astype(np.float32), wanted.text)

    def _kept(self, name: str) -> Tensor | None:
        codes = read_codes(name, self.model.network.shape.codes)
        return codes if codes is not None and codes.shape[1] <= LONGEST // STRIDE else None


def _seed(wanted: Wanted) -> int:
    return wanted.seed + wanted.take * SEEDS


def write_codes(codes: Tensor) -> str:
    """Codes (1, tokens) as a name, three digits of base 36 each."""
    return CODES + "".join(
        DIGITS[code // 1296] + DIGITS[code // 36 % 36] + DIGITS[code % 36]
        for code in codes[0].tolist()
    )


def read_codes(name: str, known: int) -> Tensor | None:
    """The codes (1, tokens) of a name, None where it is none or a code is not ``known``."""
    text = name.removeprefix(CODES)
    if text == name or len(text) < 6 or len(text) % 3 or set(text) - set(DIGITS):
        return None
    codes = [int(text[at : at + 3], 36) for at in range(0, len(text), 3)]
    return torch.tensor([codes]) if max(codes) < known else None
