"""Living the plan: every act goes through the public API, once, however often it is tried."""

from __future__ import annotations

import hashlib
import hmac
import threading
from pathlib import Path

from deploy.kept_secret import kept_secret
from deploy.seed import plan
from deploy.seed.cast import CAST, Member
from promptgram import ApiError, Post, Promptgram


class Community:
    """The seeded people, signed in at one server. Its methods may be called by several threads."""

    def __init__(self, url: str, key_file: Path) -> None:
        self._key = kept_secret(key_file)
        self._url = url
        self._clients: dict[str, Promptgram] = {}
        self._posts: dict[int, Post] = {}
        self._lock = threading.Lock()
        with Promptgram(url) as anybody:
            known = anybody.models()
        self._model = next(model for model in known.models if model.id == known.default)

    def password(self, member: Member) -> str:
        """Derived from the key file, so that nobody without it can sign in as a seeded person."""
        return hmac.new(self._key, member.username.encode(), hashlib.sha256).hexdigest()[:20]

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def join(self, member: Member) -> None:
        """Sign in, or sign up the first time; and find out what the person has posted already.

        Raises `ApiError` `bad_credentials` when somebody else has the name, or the key file is another one.
        """
        client = Promptgram(self._url, timeout_s=120)
        try:
            me = client.sign_in(member.username, self.password(member))
        except ApiError as error:
            if error.code != "bad_credentials":
                raise
            email = f"{member.username}@people.example"
            try:
                me = client.sign_up(member.username, email, self.password(member), display_name=member.name)
            except ApiError as taken:
                raise error if taken.code == "username_taken" else taken from taken
        if not me.bio:
            client.change_me(bio=member.bio)
        found = {plan.number_of(post.seed): post for post in client.posts_of(member.username)}
        with self._lock:
            self._clients[member.username] = client
            self._posts |= found

    def befriend(self, member: Member) -> None:
        """Follow whom the person follows."""
        for other in plan.followed(member):
            self._clients[member.username].follow(other.username)

    def post(self, wish: plan.Wish) -> Post | None:
        """Paint and publish, unless it was done before; None when moderation or the model did not have it."""
        with self._lock:
            known = self._posts.get(wish.number)
        if known:
            return known
        client = self._clients[wish.author.username]
        generation = client.generate(
            wish.prompt,
            key=f"seed-picture-{wish.number}",
            n=min(wish.pictures, self._model.max_n),
            seed=wish.seed,
            source_image_id=self._source(wish),
        )
        ready = [image for image in generation.images if image.status == "ready"]
        if not ready:
            return None
        post = client.publish(
            [image.id for image in ready],
            caption=wish.caption,
            show_prompt=wish.show_prompt,
            key=f"seed-post-{generation.id}",
        )
        with self._lock:
            self._posts[wish.number] = post
        if wish.number < len(CAST):
            client.change_me(avatar_image_id=ready[0].id)
        return post

    def react(self, wish: plan.Wish, post: Post) -> None:
        """Have everybody like it, keep it and say what the plan says."""
        for member in plan.likers(wish):
            self._clients[member.username].like(post.id)
        for member in plan.keepers(wish):
            self._clients[member.username].bookmark(post.id)
        author = self._clients[wish.author.username]
        said = {(comment.author.username, comment.text) for comment in author.comments(post.id)}
        for number, remark in enumerate(plan.remarks(wish)):
            if (remark.by.username, remark.text) in said:
                continue
            client = self._clients[remark.by.username]
            comment = client.comment(post.id, remark.text, key=f"seed-comment-{post.id}-{number}")
            if remark.reply:
                author.comment(post.id, remark.reply, reply_to=comment.id, key=f"seed-reply-{post.id}-{number}")

    def _source(self, wish: plan.Wish) -> str | None:
        """For a remix, the picture that it begins with, if that came about and the model can start from one."""
        if wish.remix_of is None or not self._model.image_to_image:
            return None
        with self._lock:
            source = self._posts.get(wish.remix_of)
        return source.images[0].id if source else None
