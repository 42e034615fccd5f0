"""What the heads see of words: the same features, however many parts of a text are asked for together."""

from __future__ import annotations

import zlib
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.moderation.text.heads import BUCKETS, ngram_buckets

WORDS = st.lists(st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12), max_size=12)


def spelled_out(words: list[str]) -> list[int]:
    """The features one by one, as the heads were trained on them."""
    marked = [f"<{word}>" for word in words]
    features = [f"w {word}" for word in words] + [f"p {first} {second}" for first, second in pairwise(words)]
    features += [f"c {each[at : at + 4]}" for each in marked for at in range(len(each) - 3)]
    return sorted({zlib.crc32(feature.encode()) % BUCKETS for feature in features})


@settings(max_examples=200, deadline=None)
@given(WORDS, st.data())
def test_each_part_of_a_text_has_the_features_of_its_own_words(words: list[str], data: st.DataObject) -> None:
    places = st.integers(0, len(words))
    parts = [(min(part), max(part)) for part in data.draw(st.lists(st.tuples(places, places), min_size=1, max_size=5))]
    buckets, sizes = ngram_buckets(words, parts)
    found = [each.tolist() for each in np.split(buckets, np.cumsum(sizes)[:-1])]
    assert found == [spelled_out(words[first:last]) for first, last in parts]
