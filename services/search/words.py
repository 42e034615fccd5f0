"""Exact words as sparse vectors: BM25 weights by hashed token, with beginnings of words for typing."""

from __future__ import annotations

import re
import unicodedata
import zlib

import qdrant_edge

from services.search.points import Sparse

LONGEST_TEXT = 20_000
"""Characters that are read of a text."""
AVERAGE_LENGTH = 16.0
"""Words of a typical post, by which BM25 judges a long one."""
SHORTEST_BEGINNING, LONGEST_BEGINNING = 2, 10
_WORD = re.compile(r"\w+")


class Bm25Words:
    """Satisfies `ports.Words` with Qdrant's own BM25 (English stems and stop words, any script's words).

    The index multiplies each token by its inverse document frequency. Robertson and Zaragoza, 2009,
    "The Probabilistic Relevance Framework: BM25 and Beyond".
    """

    def __init__(self) -> None:
        tokenizer = qdrant_edge.TokenizerType.Multilingual
        self._bm25 = qdrant_edge.Bm25(
            qdrant_edge.Bm25Config(avg_len=AVERAGE_LENGTH, tokenizer=tokenizer, ascii_folding=True)
        )

    def document(self, text: str) -> Sparse:
        """Weights of a post's words, and of their beginnings."""
        text = plain(text)
        vector = self._bm25.embed_document(text)
        weights = dict(zip(vector.indices, vector.values, strict=True))
        for word in set(_WORD.findall(text)):
            for end in range(SHORTEST_BEGINNING, min(len(word), LONGEST_BEGINNING + 1)):
                weights.setdefault(_beginning_token(word[:end]), 1.0)
        return _sparse(weights)

    def query(self, text: str) -> Sparse:
        """The words looked for, each once; empty when there are only stop words and signs."""
        vector = self._bm25.embed_query(plain(text))
        return Sparse(tuple(vector.indices), tuple(vector.values))

    def unfinished(self, text: str) -> tuple[Sparse, Sparse] | None:
        """The last word as a whole, and as the beginning of one; None when it is finished or too short for that."""
        text = plain(text)
        words = _WORD.findall(text)
        if not words or not text.endswith(words[-1]):
            return None
        last = words[-1]
        if not SHORTEST_BEGINNING <= len(last) <= LONGEST_BEGINNING:
            return None
        return self.query(last), Sparse((_beginning_token(last),), (1.0,))


def plain(text: str) -> str:
    """The text as it is compared: compatibility forms and accents folded, one case, no lone surrogates."""
    text = text[:LONGEST_TEXT].encode("utf-8", "ignore").decode()
    folded = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in folded if not unicodedata.combining(c) or ord(c) >= 0x3000))


def _beginning_token(beginning: str) -> int:
    return zlib.crc32(f"begins:{beginning}".encode())


def _sparse(weights: dict[int, float]) -> Sparse:
    tokens = sorted(weights)
    return Sparse(tokens, [weights[token] for token in tokens])
