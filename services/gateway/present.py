"""From documents to the API's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from services.gateway import answers
from services.gateway.context import Parts
from services.gateway.generating.steps import terminal
from services.gateway.identity.auth import Viewer
from services.gateway.store.posts import OPEN
from shared.mongo import Document

STAGES: tuple[answers.Stage, ...] = get_args(answers.Stage)


def default_alt(prompt: str | None, display_name: str) -> str:
    """The alternative text of a picture whose author wrote none. A hidden prompt stays hidden here too."""
    return f"{prompt} — prompted by {display_name}" if prompt else f"A picture prompted by {display_name}"


def generation(parts: Parts, document: Document, owner: Viewer) -> answers.Generation:
    """A generation as its owner sees it: nothing is pending any more once it has ended."""
    request = document["request"]
    pictures = [image for image in document["images"] if image["status"] != "pending" or not terminal(document)]
    return answers.Generation(
        id=document["_id"],
        status=document["status"],
        attempt=document["attempt"],
        prompt=request["prompt"],
        negative_prompt=request["negative_prompt"],
        style=request["style"],
        model=request["model"],
        seed=request["seed"],
        n=len(document["images"]),
        aspect=request["aspect"],
        source_image_id=document["source_image_id"],
        strength=request["strength"],
        created_at=document["created_at"],
        queue=answers.Place(**parts.line.place(document["_id"])) if document["status"] == "queued" else None,
        images=[picture(parts, document, image, owner) for image in pictures],
        timeline=timeline(document["moments"]),
        decision=document["decision"],
        error=document["error"],
    )


def picture(parts: Parts, document: Document, image: Mapping[str, Any], owner: Viewer) -> answers.Picture:
    """One picture of a generation; of a blocked one only the decision is told."""
    if image["status"] != "ready":
        return answers.Picture(id=image["id"], status=image["status"], decision=image.get("decision"))
    return answers.Picture(
        id=image["id"],
        status="ready",
        width=image["width"],
        height=image["height"],
        seed=image["seed"],
        alt=default_alt(document["request"]["prompt"], owner.display_name),
        thumbhash=image["thumbhash"],
        sources=answers.Sources(**parts.pictures.sources(image["hash"], image["width"], signed=True)),
    )


def timeline(moments: Mapping[str, Any]) -> list[answers.Passage]:
    """The stages that were passed, with milliseconds since the prompt was accepted."""
    start = moments["accepted"]
    return [
        answers.Passage(
            stage=stage, at=moments[stage], ms=max(0, round((moments[stage] - start).total_seconds() * 1000))
        )
        for stage in STAGES
        if stage in moments
    ]


def prompt(row: Document) -> answers.Prompt:
    return answers.Prompt(
        id=row["_id"], prompt=row["text"], times=row["times"], parameters=row["parameters"], used_at=row["at"]
    )


def author(parts: Parts, account: Document, avatar: Document | None = None) -> answers.Author:
    """Who made something. An avatar may be a picture that is in no open post, so its URL is signed."""
    sources = (
        answers.Sources(**parts.pictures.sources(avatar["hash"], avatar["width"], signed=True)) if avatar else None
    )
    return answers.Author(
        id=account["_id"], username=account["username"], display_name=account["display_name"], avatar=sources
    )


async def posts(parts: Parts, viewer: Viewer | None, documents: list[Document]) -> list[answers.Post]:
    """Posts that have passed `visible_posts`, with their authors and the viewer's own reactions."""
    if not documents:
        return []
    authors = await _authors_of(parts, documents)
    reactions: dict[str, set[str]] = {}
    if viewer:
        reactions = await parts.reactions.of_viewer(viewer.user_id, [document["_id"] for document in documents])
    return [
        _post(parts, viewer, document, authors[document["author_id"]], reactions.get(document["_id"], set()))
        for document in documents
        if document["author_id"] in authors
    ]


async def _authors_of(parts: Parts, documents: list[Document]) -> dict[str, answers.Author]:
    """The authors of posts or comments. The look at visibility has mostly brought them along as `author`."""
    known = {document["author_id"]: document["author"] for document in documents if "author" in document}
    unknown = {document["author_id"] for document in documents} - known.keys()
    return await authors_of(parts, known | (await parts.accounts.many(unknown) if unknown else {}))


async def authors_of(parts: Parts, accounts: Mapping[str, Document]) -> dict[str, answers.Author]:
    """People by id as authors, with their avatars: pictures that moderation has not blocked since."""
    wanted = [account["avatar_image_id"] for account in accounts.values() if account.get("avatar_image_id")]
    found = await parts.images.many(wanted) if wanted else []
    avatars = {image["_id"]: image for image in found if image["status"] == "ready"}
    return {
        user_id: author(parts, account, avatars.get(account.get("avatar_image_id")))
        for user_id, account in accounts.items()
    }


def _post(
    parts: Parts, viewer: Viewer | None, document: Document, by: answers.Author, reactions: set[str]
) -> answers.Post:
    own = viewer is not None and viewer.user_id == document["author_id"]
    signed = document["visibility"] not in OPEN or document["moderation"] != "allow"
    shown_prompt = document["prompt"] if document["show_prompt"] else None
    return answers.Post(
        id=document["_id"],
        author=by,
        images=[
            answers.PostPicture(
                id=image["image_id"],
                width=image["width"],
                height=image["height"],
                seed=image["seed"],
                alt=image["alt"] or default_alt(image["prompt"] if document["show_prompt"] else None, by.display_name),
                thumbhash=image["thumbhash"],
                sources=answers.Sources(**parts.pictures.sources(image["hash"], image["width"], signed=signed)),
            )
            for image in document["images"]
        ],
        caption=document["caption"],
        tags=document["tags"],
        prompt=document["prompt"] if own else shown_prompt,
        show_prompt=document["show_prompt"],
        model=document["model"],
        aspect=document["aspect"],
        seed=document["seed"],
        visibility=document["visibility"],
        parent_id=document["parent_id"],
        root_id=document["root_id"],
        counts=answers.PostCounts(**document["counts"]),
        viewer=answers.ViewerState(liked="like" in reactions, bookmarked="bookmark" in reactions),
        moderation=document["moderation"],
        decision=document["decision"] if own else None,
        created_at=document["created_at"],
        edited_at=document["edited_at"],
    )


async def comments(parts: Parts, documents: list[Document]) -> list[answers.Comment]:
    """Comments with their authors."""
    authors = await _authors_of(parts, documents)
    return [
        answers.Comment(
            id=document["_id"],
            post_id=document["post_id"],
            author=authors[document["author_id"]],
            text=document["text"],
            reply_to=document["reply_to"],
            moderation=document["moderation"],
            created_at=document["created_at"],
        )
        for document in documents
        if document["author_id"] in authors
    ]
