"""Promptgram in Python: one client for one server.

from promptgram import Promptgram

with Promptgram("http://localhost:8000") as ada:
    ada.sign_up("ada", "ada@example.org", "a long password")
    generation = ada.generate("a red fox on a green background")
    post = ada.publish([image.id for image in generation.images], caption="Reynard")
    for found in ada.search("a fox in the forest"):
        print(found.post.author.username, found.score)
"""

from promptgram.client import Promptgram
from promptgram.errors import ApiError
from promptgram.shapes import (
    Author,
    Comment,
    Counts,
    FeedEntry,
    Generation,
    Model,
    Models,
    NotificationGroup,
    Person,
    Picture,
    Post,
    Reason,
    SearchEntry,
    Sources,
)

__all__ = [
    "ApiError",
    "Author",
    "Comment",
    "Counts",
    "FeedEntry",
    "Generation",
    "Model",
    "Models",
    "NotificationGroup",
    "Person",
    "Picture",
    "Post",
    "Promptgram",
    "Reason",
    "SearchEntry",
    "Sources",
]
