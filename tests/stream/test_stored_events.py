"""Forgetting a person takes what the streams keep about them, and nothing else."""

from __future__ import annotations

from nats.js import JetStreamContext

from shared import stored_events
from shared.events import PostCommented, PostLiked, UserErased
from shared.ids import new_id
from tests.stream.conftest import StartService, stored


async def test_every_message_that_names_a_person_goes_but_that_of_their_erasure(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    bus = await start_service("gateway")
    ada, ben = new_id(), new_id()
    theirs = PostCommented(post_id="p1", author_id=ben, user_id=ada, comment_id="c1", text="Hello")
    about = PostLiked(post_id="p2", author_id=ada, user_id=ben)
    other = PostLiked(post_id="p3", author_id=ben, user_id=ben)
    erased = UserErased(user_id=ada)
    for event in (other, theirs, about, erased, other.model_copy(update={"reissue": 1})):
        await bus.emit(event)
        letter = {"Dead-Subject": event.subject}
        await jetstream.publish("dlq.feed-some-event", event.model_dump_json().encode(), headers=letter)
    assert await stored_events.forget(jetstream, ada) == 4
    for stream in ("EVENTS", "DLQ"):
        kept = [message async for message in stored_events.messages(jetstream, stream)]
        assert [ada.encode() in (message.data or b"") for message in kept] == [False, True, False]
    assert await stored_events.forget(jetstream, ada) == 0


async def test_forgetting_somebody_while_nothing_is_kept_is_fine(jetstream: JetStreamContext) -> None:
    assert await stored(jetstream) == []
    assert await stored_events.forget(jetstream, new_id()) == 0
