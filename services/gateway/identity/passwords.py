"""Passwords: hashed with argon2id, never kept, and checked in the same time whether or not the account exists."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import AfterValidator, Field

_ARGON2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's first choice of parameters: 19 MiB, two passes, one lane."""


def _typable(password: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise ValueError("control characters are not allowed in a password")
    # Keyboards differ in how they compose an accent; the person means the same password.
    return unicodedata.normalize("NFC", password)


NewPassword = Annotated[str, Field(min_length=8, max_length=256), AfterValidator(_typable)]
GivenPassword = Annotated[str, Field(max_length=256), AfterValidator(_typable)]
"""A password to be checked: too short a one is wrong, not malformed."""


class Passwords:
    """Hashing in threads, at most `concurrency` at a time in this process, so that sign-ins can't take all memory."""

    def __init__(self, concurrency: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._nobodys = _ARGON2.hash("the password of no account")

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(_ARGON2.hash, password)

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether the password belongs to the hash. With None the same work is done, and the answer is no."""
        async with self._slots:
            return await asyncio.to_thread(self._verify, known, password)

    def outdated(self, known: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return _ARGON2.check_needs_rehash(known)

    def _verify(self, known: str | None, password: str) -> bool:
        try:
            return _ARGON2.verify(known or self._nobodys, password) and known is not None
        except (VerificationError, InvalidHashError):
            return False
