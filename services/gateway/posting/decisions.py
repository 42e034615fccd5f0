"""Acting on what moderation decided about something that stands. The next decision can undo every act."""

from __future__ import annotations

from services.gateway.context import Parts
from services.gateway.generating import flow, steps
from services.gateway.people import erasure
from services.gateway.people.telling import notify
from services.gateway.posting import commenting, hiding, publishing
from services.gateway.store.notifications import Act
from shared.events import Decision, DecisionMade, WordsStopped


async def apply(parts: Parts, event: DecisionMade) -> None:
    """Make the record agree with a moderator's decision. Things that are gone meanwhile are left alone.

    One that is delivered after the decision that took its place is only kept.
    """
    if not await parts.decisions.overruled(event.owner_id, event.target, event.occurred_at):
        await _act(parts, event)
    await _keep(parts, event, by_people=True)


async def tell_of_words(parts: Parts, event: WordsStopped) -> None:
    """Have an author read of words that the policy stopped."""
    await _keep(parts, event, by_people=False)


async def _keep(parts: Parts, event: DecisionMade | WordsStopped, *, by_people: bool) -> None:
    owner_id = event.owner_id
    await parts.decisions.record(owner_id, event.target, event.decision, event.occurred_at, by_people=by_people)
    await notify(parts, Act(owner_id, "decision", event.decision_id))
    await erasure.forget_late_news(parts, owner_id)


async def _act(parts: Parts, event: DecisionMade) -> None:
    target, decision = event.target, event.decision
    match target.kind:
        case "prompt":
            await _prompt(parts, str(event.context.get("generation_id", target.id)), decision)
        case "image":
            await _image(parts, target.id, decision)
        case "post":
            # Undone, a moderator's verdict may leave the policy's of the words standing.
            words_only = decision.rule != "moderator"
            reasons = (hiding.WORDS, hiding.POST) if words_only else (hiding.POST, hiding.WORDS)
            await _post(parts, target.id, decision, *reasons)
        case "comment":
            await commenting.rate(parts, target.id, decision.verdict, decision)
        case "profile":
            await parts.accounts.rate_profile(event.owner_id, decision.verdict)
        case "user":
            await _user(parts, event.owner_id, decision)


async def _prompt(parts: Parts, generation_id: str, decision: Decision) -> None:
    """A prompt that was held or blocked and is allowed now is submitted again."""
    generation = await parts.generations.get(generation_id)
    held = generation is not None and generation["status"] == "blocked"
    if not held or generation is None or (generation["decision"] or {}).get("stage") != "prompt":
        return
    if decision.verdict == "allow":
        await flow.begin_again(parts, generation_id, when="blocked")
    else:
        await flow.record(parts, generation_id, lambda one: steps.decision_renewed(one, decision))


async def _image(parts: Parts, image_id: str, decision: Decision) -> None:
    """A picture is ready after all, or blocked after the fact: then the posts that show it are hidden."""
    allowed = decision.verdict == "allow"
    image = await parts.images.judge(image_id, "ready" if allowed else "blocked")
    if image is None:
        return
    if allowed:
        await flow.record(parts, image["generation_id"], lambda one: steps.picture_allowed(one, image_id))
    else:
        await flow.record(parts, image["generation_id"], lambda one: steps.picture_withdrawn(one, image_id, decision))
    for post in await parts.posts.showing(image_id):
        await _post(parts, post["_id"], decision, hiding.of_image(image_id))


async def _post(parts: Parts, post_id: str, decision: Decision, *reasons: str) -> None:
    """Show a post as far as it was hidden for any of these reasons, or hide it for the first of them instead."""
    while post := await parts.posts.get(post_id):
        allowed = decision.verdict == "allow"
        values = hiding.show(post, *reasons)
        if not allowed:
            values = hiding.hide(post | values, reasons[0], decision)
        if values["stops"] == hiding.stops(post) or await publishing.change(parts, post, values):
            return


async def _user(parts: Parts, user_id: str, decision: Decision) -> None:
    """Suspend a person, or lift it: their posts go with them, and come back where nothing else hides them."""
    await parts.accounts.suspend(user_id, None if decision.verdict == "allow" else decision.model_dump(mode="json"))
    async for post in parts.posts.all(author_id=user_id):
        await _post(parts, post["_id"], decision, hiding.AUTHOR)
