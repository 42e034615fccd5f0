"""What moderation hears, and what it says to it."""

from __future__ import annotations

from services.moderation.ports import DecisionStore, Emitter, Record
from services.moderation.regressions import Regressions
from services.moderation.review import Review
from services.moderation.service import Moderation
from shared.bus import Bus
from shared.delivery import is_final, is_repeated
from shared.events import (
    ContentReported,
    Decision,
    DecisionAppealed,
    ImageApproved,
    ImageGenerated,
    ImageRejected,
    PromptApproved,
    PromptRejected,
    PromptSubmitted,
    UserErased,
    WordsJudged,
    WordsStopped,
    WordsWritten,
)
from shared.fair_queue import Turns
from shared.queries import Decide, Decided, Judged, JudgeWords, ModerationQueue, QueueEntries, Undo, Undone


def register(
    bus: Bus, moderation: Moderation, review: Review, decisions: DecisionStore, regressions: Regressions
) -> None:
    """Attach all reactions and answers to the bus."""
    prompts, pictures = Turns(), Turns()

    @bus.on(PromptSubmitted)
    async def check_prompt(event: PromptSubmitted) -> None:
        # Not in the order of arrival: one person's hundred prompts may not hold up another's first.
        async with prompts.of(event.user_id):
            record = await moderation.check_prompt(event, final=is_final(), patient=True, repeated=is_repeated())
            await bus.emit(prompt_verdict(event, record))

    @bus.on(ImageGenerated)
    async def check_image(event: ImageGenerated) -> None:
        async with pictures.of(event.user_id):
            record = await moderation.check_image(event, final=is_final(), patient=True, repeated=is_repeated())
            await bus.emit(image_verdict(event, record))

    @bus.on(WordsWritten)
    async def check_words(event: WordsWritten) -> None:
        if await decisions.erased(event.words.owner_id):
            return
        record = await moderation.check_words(event.words, final=is_final(), patient=True)
        await tell_if_stopped(bus, record)
        await bus.emit(words_verdict(event, record))

    @bus.on(ContentReported)
    async def take_report(event: ContentReported) -> None:
        if not await decisions.erased(event.reporter_id) and not await decisions.erased(event.owner_id):
            await review.report(event)

    @bus.on(DecisionAppealed)
    async def take_appeal(event: DecisionAppealed) -> None:
        await review.appeal(event)

    @bus.on(UserErased)
    async def erase(event: UserErased) -> None:
        await decisions.erase(event.user_id)
        regressions.changed()

    @bus.answer(ModerationQueue)
    async def queue(query: ModerationQueue) -> QueueEntries:
        return await review.queue(query)

    @bus.answer(JudgeWords)
    async def judge_words(query: JudgeWords) -> Judged:
        record = await moderation.check_words(query.words, repeated=False)
        await tell_if_stopped(bus, record)
        return Judged(verdict=record.verdict, decision=_shown_if_stopped(record))

    @bus.answer(Decide)
    async def decide(query: Decide) -> Decided:
        decided = await review.decide(query)
        regressions.changed()
        return decided

    @bus.answer(Undo)
    async def undo(query: Undo) -> Undone:
        undone = await review.undo(query)
        regressions.changed()
        return undone


def prompt_verdict(event: PromptSubmitted, record: Record) -> PromptApproved | PromptRejected:
    """What to say about a prompt. The request is passed on as it came: only a copy was normalised."""
    facts = event.model_dump(include={"generation_id", "attempt", "user_id", "reissue"})
    moments = event.moments | {"moderated": record.at}
    if record.verdict == "allow":
        return PromptApproved(**facts, moments=moments, request=event.request)
    return PromptRejected(**facts, moments=moments, decision=record.shown())


def image_verdict(event: ImageGenerated, record: Record) -> ImageApproved | ImageRejected:
    """What to say about a picture, with all its facts passed on."""
    facts = event.model_dump(include={"generation_id", "attempt", "user_id", "prompt", "model", "reissue"})
    moments = event.moments | {"checked": record.at}
    if record.verdict == "allow":
        return ImageApproved(**facts, moments=moments, rendition=event.rendition)
    return ImageRejected(**facts, moments=moments, rendition=event.rendition, decision=record.shown())


def words_verdict(event: WordsWritten, record: Record) -> WordsJudged:
    """What to say about words that had to wait."""
    return WordsJudged(
        decision_id=record.id,
        target=record.target,
        owner_id=record.owner_id,
        written_at=event.words.written_at,
        verdict=record.verdict,
        decision=_shown_if_stopped(record),
    )


def _shown_if_stopped(record: Record) -> Decision | None:
    return None if record.verdict == "allow" else record.shown()


async def tell_if_stopped(emitter: Emitter, record: Record) -> None:
    """Words are shown, or hidden, by whoever asked. Their author is told of what was stopped."""
    if record.verdict == "allow":
        return
    await emitter.emit(
        WordsStopped(
            decision_id=record.id,
            target=record.target,
            owner_id=record.owner_id,
            decision=record.shown(),
            occurred_at=record.at,
        )
    )
