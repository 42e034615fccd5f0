"""How a generation moves: pure steps from one recorded state to the next.

Each step looks at the record and a fact and answers with a `Change`, or None when the fact changes nothing: because
it came late, twice, or belongs to an attempt that is over. Terminal states never change by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.events import Decision, PictureRequest, PromptSubmitted, Rendition, utcnow

Document = dict[str, Any]
Status = Literal["queued", "running", "checking", "ready", "blocked", "failed", "canceled"]

TERMINAL: frozenset[str] = frozenset({"ready", "blocked", "failed", "canceled"})
DEADLINES = {"queued": timedelta(minutes=5), "running": timedelta(minutes=3), "checking": timedelta(minutes=2)}
"""How long a state may last before the reconciler tells the generation again."""

MAX_REISSUES = 3
TIMED_OUT = ("timed_out", "The picture took too long to make. Nothing was lost: you can try again.")
REPEATED = timedelta(seconds=10)
"""How long after a cancel another one is taken for the same, sent again."""

_LAST_ENTRY = {"ready": "done", "blocked": "blocked", "failed": "failed", "canceled": "canceled"}


@dataclass(frozen=True)
class Change:
    """What a step does to the record: fields to set, and entries to append to its log.

    `given_back` counts pictures that the person will not get after all, and that their quota gets back.
    """

    values: Document
    entries: tuple[Document, ...] = ()
    given_back: int = 0


def terminal(generation: Mapping[str, Any]) -> bool:
    """Whether this generation has ended."""
    return generation["status"] in TERMINAL


def opened(
    generation_id: str,
    user_id: str,
    request: PictureRequest,
    *,
    source_image_id: str | None,
    source_post_id: str | None,
    now: datetime,
) -> Document:
    """The record of a generation that was just asked for."""
    return {
        "_id": generation_id,
        "user_id": user_id,
        "revision": 0,
        "attempt": 1,
        "reissue": 0,
        "status": "queued",
        "request": request.model_dump(exclude={"image_ids"}),
        "source_image_id": source_image_id,
        "source_post_id": source_post_id,
        "images": _pending(request.image_ids),
        "moments": {"accepted": now},
        "decision": None,
        "error": None,
        "log": [_entry(1, "queued")],
        "created_at": now,
        "deadline_at": now + DEADLINES["queued"],
    }


def submission(generation: Mapping[str, Any]) -> PromptSubmitted:
    """The event that sends the present attempt on its way."""
    image_ids = tuple(image["id"] for image in generation["images"])
    return PromptSubmitted(
        generation_id=generation["_id"],
        attempt=generation["attempt"],
        user_id=generation["user_id"],
        reissue=generation["reissue"],
        moments={"accepted": generation["moments"]["accepted"]},
        request=PictureRequest(**generation["request"], image_ids=image_ids),
    )


def painting_began(generation: Mapping[str, Any], attempt: int, at: datetime) -> Change | None:
    """The generator took the job."""
    if generation["attempt"] != attempt or generation["status"] != "queued":
        return None
    moments = {**generation["moments"], "started": at}
    return Change(_state("running", moments), (_entry(attempt, "running"),))


def painting_ended(generation: Mapping[str, Any], attempt: int, at: datetime) -> Change | None:
    """The generator has stored every picture; they wait for their check."""
    if generation["attempt"] != attempt or generation["status"] not in ("queued", "running"):
        return None
    return Change(_state("checking", {**generation["moments"], "rendered": at}))


def prompt_refused(generation: Mapping[str, Any], attempt: int, decision: Decision) -> Change | None:
    """Moderation blocked the prompt, or holds it for a person to look at."""
    if generation["attempt"] != attempt or terminal(generation):
        return None
    values = _state("blocked", {**generation["moments"], "moderated": utcnow()}) | {"decision": decision.model_dump()}
    return Change(values, (_entry(attempt, "blocked"),), given_back=_pending_in(generation))


def picture_judged(
    generation: Mapping[str, Any],
    attempt: int,
    rendition: Rendition,
    moments: Mapping[str, datetime],
    decision: Decision | None,
) -> Change | None:
    """One picture passed its check (`decision` is None) or was refused. The last one known ends the generation."""
    if generation["attempt"] != attempt or terminal(generation):
        return None
    images = [dict(image) for image in generation["images"]]
    image = next((one for one in images if one["id"] == rendition.image_id), None)
    if image is None or image["status"] != "pending":
        return None
    image |= rendition.model_dump(exclude={"image_id", "index"})
    image["status"] = "blocked" if decision else "ready"
    image["decision"] = decision.model_dump() if decision else None
    entry = _entry(attempt, "image", index=image["index"])
    passed = {**generation["moments"], **moments}
    change = _concluded(attempt, images, passed, (entry,), decision)
    if any(one["status"] == "pending" for one in images):
        change = Change(_state("checking", passed) | {"images": images}, (entry,))
    return replace(change, given_back=int(decision is not None))


def gave_up(generation: Mapping[str, Any], attempt: int, code: str, detail: str) -> Change | None:
    """The generator, or the reconciler, could not bring this attempt to an end."""
    if generation["attempt"] != attempt or terminal(generation):
        return None
    values = _state("failed", dict(generation["moments"])) | {"error": {"code": code, "detail": detail}}
    return Change(values, (_entry(attempt, "failed"),), given_back=_pending_in(generation))


def withdrawn(generation: Mapping[str, Any]) -> Change | None:
    """The person does not want it any more. Pictures that were approved before stay: they may be in a post already."""
    if terminal(generation):
        return None
    moments = {**generation["moments"], "canceled": utcnow()}
    entry = _entry(generation["attempt"], "canceled")
    return Change(_state("canceled", moments), (entry,), given_back=_pending_in(generation))


def just_canceled(generation: Mapping[str, Any]) -> bool:
    """Whether it was canceled so lately that canceling it now is a repeat."""
    at = generation["moments"].get("canceled")
    return at is not None and utcnow() - at < REPEATED


def another_attempt(generation: Mapping[str, Any], now: datetime) -> Change:
    """Begin again with the same parameters, seed and image ids, under the next attempt number."""
    attempt = generation["attempt"] + 1
    values = _state("queued", {"accepted": now}) | {
        "attempt": attempt,
        "reissue": 0,
        "decision": None,
        "error": None,
        "log": [_entry(attempt, "queued")],
    }
    return Change(values)


def told_again(generation: Mapping[str, Any], now: datetime, *, patient: bool) -> Change | None:
    """A state lasted too long: say the present attempt once more, or give it up when that was done often enough.

    `patient` when it is known to stand in the generator's line: then it only gets more time.
    """
    if terminal(generation) or generation["deadline_at"] > now:
        return None
    if patient:
        return Change({"deadline_at": now + DEADLINES[generation["status"]]})
    if generation["reissue"] >= MAX_REISSUES:
        return gave_up(generation, generation["attempt"], *TIMED_OUT)
    return Change({"reissue": generation["reissue"] + 1, "deadline_at": now + DEADLINES[generation["status"]]})


def decision_renewed(generation: Mapping[str, Any], decision: Decision) -> Change | None:
    """A moderator looked at a refused prompt and did not allow it: the newer decision is shown."""
    return Change({"decision": decision.model_dump()}) if generation["status"] == "blocked" else None


def picture_allowed(generation: Mapping[str, Any], image_id: str) -> Change | None:
    """A moderator overturned the verdict on one picture: it is ready after all."""
    images = [dict(image) for image in generation["images"]]
    image = next((one for one in images if one["id"] == image_id and one["status"] == "blocked"), None)
    if image is None:
        return None
    image |= {"status": "ready", "decision": None}
    entry = _entry(generation["attempt"], "image", index=image["index"])
    if not terminal(generation):
        return Change({"images": images}, (entry,))
    return _concluded(generation["attempt"], images, dict(generation["moments"]), (entry,), None)


def picture_withdrawn(generation: Mapping[str, Any], image_id: str, decision: Decision) -> Change | None:
    """A moderator blocked a picture that had passed."""
    images = [dict(image) for image in generation["images"]]
    image = next((one for one in images if one["id"] == image_id and one["status"] == "ready"), None)
    if image is None:
        return None
    image |= {"status": "blocked", "decision": decision.model_dump()}
    entry = _entry(generation["attempt"], "image", index=image["index"])
    if not terminal(generation):
        return Change({"images": images}, (entry,))
    return _concluded(generation["attempt"], images, dict(generation["moments"]), (entry,), decision)


def _concluded(
    attempt: int,
    images: list[Document],
    moments: Mapping[str, datetime],
    entries: tuple[Document, ...],
    decision: Decision | None,
) -> Change:
    """The end, when the verdict on every picture is known: ready with at least one, blocked with none."""
    ready = any(image["status"] == "ready" for image in images)
    status: Status = "ready" if ready else "blocked"
    ended = {**moments, "ready": utcnow()} if ready else moments
    blocked_by = None if ready else decision.model_dump() if decision else images[-1]["decision"]
    values = _state(status, ended) | {"images": images, "decision": blocked_by}
    return Change(values, (*entries, _entry(attempt, _LAST_ENTRY[status])))


def _state(status: Status, moments: Mapping[str, datetime]) -> Document:
    deadline = None if status in TERMINAL else utcnow() + DEADLINES[status]
    return {"status": status, "moments": dict(moments), "deadline_at": deadline}


def _entry(attempt: int, event: str, *, index: int | None = None) -> Document:
    """A line of the log. Its id is made of what it says, so that saying it twice is seen."""
    suffix = "" if index is None else f".{index}"
    return {"id": f"{attempt}.{event}{suffix}", "event": event, "index": index}


def _pending_in(generation: Mapping[str, Any]) -> int:
    return sum(image["status"] == "pending" for image in generation["images"])


def _pending(image_ids: tuple[str, ...]) -> list[Document]:
    return [{"id": image_id, "index": index, "status": "pending"} for index, image_id in enumerate(image_ids)]
