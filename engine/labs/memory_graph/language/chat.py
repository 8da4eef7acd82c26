"""What a language model is to this lab: messages in, one reply with its token counts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeGuard

from engine.core.errors import EngramError

Role = Literal["system", "user", "assistant"]
# Of English about four bytes make a token, of other scripts two to three.
BYTES_PER_TOKEN = 3.0
MESSAGE_TOKENS = 8  # what marks the beginning and the end of a message


class Message(NamedTuple):
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True)
class Reply:
    """What came back. ``counted``: False where the tokens are an estimate of ours."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    counted: bool = True

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens


class Chat(Protocol):
    """Anything that answers; ``name`` is the model's."""

    name: str

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """One reply of at most ``max_tokens``; raises ChatError, RequestRefused, LimitExceeded."""


class ChatError(EngramError):
    """The model cannot be asked, neither this nor anything else: a run stops here."""


class RequestRefused(EngramError):
    """The model will not answer this one request (too long, against its rules); others it may."""


def is_count(value: Any) -> TypeGuard[int]:
    """Whether something from outside is a number of tokens."""
    return type(value) is int and 0 <= value < 2**31


def estimate(messages: Sequence[Message], bytes_per_token: float = BYTES_PER_TOKEN) -> int:
    """About how many tokens the messages are, before anybody has counted them."""
    size = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
    return int(size / bytes_per_token) + 1 + MESSAGE_TOKENS * len(messages)
