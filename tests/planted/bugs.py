"""The bugs: what each is, where the right code stands, and which tests should notice."""

from __future__ import annotations

from dataclasses import dataclass

PEOPLE, CONTENT = "tests/api/gateway_people/", "tests/api/gateway_content/"
GATEWAY = "services/gateway/"


@dataclass(frozen=True)
class Edit:
    """`code` stands once in the file; the bug has `bug` in its place."""

    path: str
    code: str
    bug: str


@dataclass(frozen=True)
class Plant:
    """One bug. Where two guards hold the same door, both have to be taken away before it is one."""

    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def plant(what: str, path: str, code: str, bug: str, *tests: str) -> Plant:
    return Plant(what, (Edit(GATEWAY + path, code, bug),), tests)


BUGS: tuple[Plant, ...] = (
    # Whose it is
    plant(
        "anybody may change and delete a post", "routes/posts.py",
        'if post["author_id"] != viewer.user_id:', "if False:", PEOPLE + "test_authorization.py",
    ),
    plant(
        "anybody may delete a comment", "routes/comments.py",
        'if viewer.user_id not in (comment["author_id"], comment["post_author_id"]) and not viewer.moderates:',
        "if False:", PEOPLE + "test_authorization.py",
    ),
    Plant(
        "another's draft can be published",
        (
            Edit(GATEWAY + "store/images.py", 'query = {"_id": {"$in": list(image_ids)}, "user_id": user_id}',
                 'query = {"_id": {"$in": list(image_ids)}}'),
            Edit(GATEWAY + "store/images.py", 'query: Document = {"_id": {"$in": list(image_ids)}, "user_id": user_id}',
                 'query: Document = {"_id": {"$in": list(image_ids)}}'),
        ),
        (CONTENT + "test_posts.py",),
    ),
    plant(
        "another's draft can be started from", "generating/sources.py",
        'if image["user_id"] == viewer.user_id:', "if True:", CONTENT + "test_posts.py",
    ),
    plant(
        "a draft's bytes need no signature", "routes/media.py",
        "if not signed and not public:", "if False:", CONTENT + "test_media.py",
    ),
    plant(
        "a signature opens every picture", "pictures/access.py",
        'f"{name}:{expires}".encode()', 'f"{expires}".encode()', CONTENT + "test_media.py",
    ),
    plant(
        "another's generation can be read", "store/generations.py",
        '{"_id": generation_id, "user_id": user_id}', '{"_id": generation_id}', CONTENT + "test_generations.py",
    ),
    plant(
        "marking as read reaches other people's notifications", "store/notifications.py",
        '{"recipient_id": recipient_id, "read_at": None, "updated_at": {"$lte": up_to}}',
        '{"read_at": None, "updated_at": {"$lte": up_to}}', PEOPLE + "test_notifications.py",
    ),
    # What one may see
    plant(
        "those who are blocked still see the one who blocked them", "visibility.py",
        'if surface == "export" or author in standing.blocks | standing.blocked_by:',
        'if surface == "export" or author in standing.blocks:', PEOPLE + "test_visibility.py",
    ),
    plant(
        "search skips the last look", "lists/finding.py",
        "for post in await visible_posts(parts, viewer, posts, surface)}", "for post in posts}",
        PEOPLE + "test_visibility.py",
    ),
    plant(
        "lists skip the last look", "lists/listing.py",
        "visible = await visible_posts(parts, viewer, [post for _, post in found], surface)",
        "visible = [post for _, post in found]", PEOPLE + "test_visibility.py",
    ),
    plant(
        "notifications skip the last look", "people/notices.py",
        'visible_posts(parts, viewer, posts, "notifications")', "asyncio.sleep(0, posts)",
        PEOPLE + "test_visibility.py",
    ),
    plant(
        "comments of blocked people are shown", "posting/commenting.py",
        'await visible_people(parts, viewer, list(accounts.values()), "list")', "list(accounts.values())",
        CONTENT + "test_reactions.py",
    ),
    plant(
        "a post that is closed leaves its picture open", "posting/publishing.py",
        "    else:\n        await _close_pictures(parts, post)\n", "",
        CONTENT + "test_media.py",
    ),
    plant(
        "a download tells a prompt that its author hides", "store/posts.py",
        '"moderation": "allow", "show_prompt": True}', '"moderation": "allow"}', CONTENT + "test_media.py",
    ),
    # Pages
    plant(
        "a cursor is an offset", "lists/listing.py",
        '        posts = await fetch(str(place["post"]) if place else None, limit)\n'
        '        return [({"post": post["_id"]}, post) for post in posts]',
        '        skipped = int(str(place["post"])) if place else 0\n'
        "        posts = (await fetch(None, skipped + limit))[skipped:]\n"
        '        return [({"post": str(number)}, post) for number, post in enumerate(posts, skipped + 1)]',
        CONTENT + "test_telling.py",
    ),
    plant(
        "the next page begins with the last one's end", "store/comments.py",
        'query["_id"] = {"$gt": after}', 'query["_id"] = {"$gte": after}', CONTENT + "test_telling.py",
    ),
    plant(
        "a ranked list goes on by its rank alone", "lists/ranked.py",
        "return 0 if len(self.read) < REMEMBERED else max(0, self.rank - REMEMBERED // 2)", "return self.rank",
        CONTENT + "test_ranked_lists.py",
    ),
    # What a request may say
    plant(
        "what can't be an id is a malformed request", "errors.py",
        'if any(one["loc"][0] == "path" for one in error.errors()):', "if False:", PEOPLE + "test_http.py",
    ),
    plant(
        "shared links lead where a request says", "main.py",
        "if settings.public_url:", "if False:", CONTENT + "test_public_url.py",
    ),
    plant(
        "a cancel that is sent again deletes", "routes/generations.py",
        'elif "If-Match" in request.headers or not just_canceled(generation):', "else:",
        CONTENT + "test_generations.py",
    ),
    # Once, exactly, and told
    plant(
        "a deletion is told to nobody", "posting/publishing.py",
        "return await parts.outbox.add(session, event), removals", "return [], removals",
        CONTENT + "test_telling.py",
    ),
    plant(
        "a block is told to nobody", "people/relating.py",
        "return await parts.outbox.add(session, *map(_event, changes))", "return []", PEOPLE + "test_people.py",
    ),
    plant(
        "a follow slips past a block that comes at once", "people/relating.py",
        "parts.relations.preclude(", "parts.relations.end(", PEOPLE + "test_people.py",
    ),
    plant(
        "who is suspended goes on writing", "identity/auth.py",
        "if viewer.suspension and not reads", "if False and not reads", PEOPLE + "test_suspension.py",
    ),
    plant(
        "who is suspended stays in sight", "visibility.py",
        'if not person.get("suspension") or', "if True or", PEOPLE + "test_suspension.py",
    ),
    plant(
        "a picture stays closed that a post opened while another closed", "posting/publishing.py",
        "if _open(post) != _open(changed):", "if False:", CONTENT + "test_media.py",
    ),
    plant(
        "a reply outlives its comment", "posting/commenting.py",
        'if not await parts.comments.hold(comment["reply_to"], session):', "if False:", CONTENT + "test_comments.py",
    ),
    plant(
        "who is blocked answers what they can't see", "routes/comments.py",
        "await commenting.visible(parts, viewer, on_post)", "on_post", CONTENT + "test_comments.py",
    ),
    plant(
        "a like that was taken back is told", "posting/reacting.py",
        "await parts.notifications.take_back([told])", "pass", PEOPLE + "test_notifications.py",
    ),
    plant(
        "of changes to one account at once only the last is kept", "store/accounts.py",
        ', "revision": account.get("revision")}', "}", PEOPLE + "test_me.py",
    ),
    plant(
        "another verdict shows what a suspended person posted", "posting/hiding.py",
        "if reason not in reasons}", "if False}", PEOPLE + "test_suspension.py",
    ),
    Plant(
        "an event leaves although its change was rolled back",
        (Edit("shared/outbox.py", "if failure := await", "self.flush(rows)\n        if failure := await"),),
        (CONTENT + "test_repair.py",),
    ),
    plant(
        "liking again counts again", "store/reactions.py",
        '"on": not on}', '"on": {"$in": [True, False]}}', CONTENT + "test_reactions.py",
    ),
    plant(
        "every like is a row of its own", "store/reactions.py",
        'return f"{kind}:{post_id}:{user_id}"', 'return f"{kind}:{post_id}:{user_id}:{datetime.now()}"',
        CONTENT + "test_reactions.py",
    ),
    plant(
        "a counter moves although nothing changed", "posting/reacting.py",
        "return bool(rows)", "return True", CONTENT + "test_reactions.py",
    ),
    plant(
        "the same person following twice counts twice", "store/relations.py",
        'return not row["on"] or (row["until"] is not None and row["until"] <= fresh["at"])', "return True",
        PEOPLE + "test_people.py",
    ),
    plant(
        "an idempotency key is ignored", "edge/idempotency.py",
        "if self._key is None:", "if True:", PEOPLE + "test_edge.py",
    ),
    plant(
        "an idempotency key answers another request", "edge/idempotency.py",
        'if record["fingerprint"] != fingerprint:', "if False:", PEOPLE + "test_edge.py",
    ),
    plant(
        "a change overwrites another that it has not seen", "edge/etags.py",
        "if conditions and not _names(", "if False and not _names(", PEOPLE + "test_me.py",
    ),
    plant(
        "a decision can be appealed again and again", "store/decisions.py",
        '{"_id": decision_id, "user_id": user_id, "appeal": None}', '{"_id": decision_id, "user_id": user_id}',
        PEOPLE + "test_safety.py",
    ),
    # Sign-ins and leaving
    plant(
        "reusing a refresh token goes unnoticed", "store/sessions.py",
        "            await self.end(family_id)\n            return None\n", "            return None\n",
        PEOPLE + "test_accounts.py",
    ),
    plant(
        "a refresh token can be used twice", "store/sessions.py",
        '{"_id": family_id, "current": _hash(token), "revoked_at": None,', '{"_id": family_id, "revoked_at": None,',
        PEOPLE + "test_accounts.py",
    ),
    plant(
        "an export holds the password's hash", "people/export.py",
        '_NOT_TOLD = {"password_hash", "subject"}', '_NOT_TOLD = {"subject"}', PEOPLE + "test_me.py",
    ),
    plant(
        "an erasure forgets likes", "people/content_erasure.py",
        "    await parts.reactions.delete_of(user_id)\n", "", PEOPLE + "test_me.py",
    ),
    plant(
        "an erasure leaves the broker's streams alone", "people/erasure.py",
        'removed["events"] = await parts.bus.forget(user_id)', 'removed["events"] = 0', CONTENT + "test_background.py",
    ),
    # Words
    plant(
        "words pass while moderation is away", "posting/words.py",
        'Judgement("pending", None, (WordsWritten(words=words),))', 'Judgement("allow")', PEOPLE + "test_words.py",
    ),
    plant(
        "better words lift a moderator's block", "posting/post_words.py",
        "hiding.show(post, hiding.WORDS) if", "hiding.show(post, *hiding.stops(post)) if", PEOPLE + "test_words.py",
    ),
    plant(
        "an old judgement shows newer words", "store/accounts.py",
        'if hidden and written_at and hidden.get("written_at") != written_at:', "if False:", PEOPLE + "test_words.py",
    ),
    # Repair
    plant(
        "counters are not counted again", "recounting.py",
        "if await counted.correct(parts, one, look):", "if False:", CONTENT + "test_reactions.py",
    ),
    plant(
        "a counter is corrected while its move is on its way", "recounting.py",
        "if off and settled_by:", "if False:", CONTENT + "test_repair.py",
    ),
    plant(
        "a deleted comment is not noted to be counted", "posting/commenting.py",
        '            await parts.recounts.add("post", [comment["post_id"]], session)\n', "            pass\n",
        CONTENT + "test_repair.py",
    ),
    plant(
        "a post that comes or goes is not noted to be counted", "posting/publishing.py",
        "        await parts.recounts.add(kind, [of], session)", "        pass", CONTENT + "test_repair.py",
    ),
    plant(
        "an erasure does not note whom its person followed", "people/erasure.py",
        'await parts.recounts.add("person", around)', "pass", CONTENT + "test_repair.py",
    ),
    plant(
        "what a crash left in the object store stays", "pictures/cleaning.py",
        "            await parts.pictures.remove(name)", "            pass", CONTENT + "test_background.py",
    ),
)  # fmt: skip
