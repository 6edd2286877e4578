"""The token that a call carries."""

from __future__ import annotations

from typing import NamedTuple


class Token(NamedTuple):
    """A token, in the form in which calls carry it."""

    metadata: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, token: str | None) -> Token:
        """The token of this text; without one, calls carry none."""
        return cls((("authorization", f"Bearer {token}"),) if token else ())
