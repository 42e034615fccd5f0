"""`/p/{id}`: the page behind a shared link, with what other sites show of it; and `/oembed`."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse

from services.gateway import present
from services.gateway.answers import Post
from services.gateway.context import Parts, PartsDep
from services.gateway.errors import not_found
from services.gateway.visibility import visible_posts

router = APIRouter(tags=["share"])
_TITLE = re.compile(r"<title>.*?</title>", re.IGNORECASE | re.DOTALL)
_PLAIN = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title></title></head><body>{body}</body></html>'
_LONGEST = 200


class OEmbed(BaseModel):
    """A picture as oEmbed tells of it (https://oembed.com)."""

    version: str = "1.0"
    type: str = "photo"
    provider_name: str = "Promptgram"
    provider_url: str
    title: str
    author_name: str
    author_url: str
    url: str
    width: int
    height: int


@router.get("/p/{post_id}", response_class=HTMLResponse)
async def share_page(request: Request, post_id: str, parts: PartsDep) -> HTMLResponse:
    """The web app with the post's Open Graph tags; 404 for what not everybody may see, where the app still tries."""
    post = await _open_post(parts, post_id)
    index = parts.settings.web_dist / "index.html"
    if post is None:
        page = _template(index, "<p>There is no such post, or it is not shared with everybody.</p>")
        return HTMLResponse(page, 404, {"Cache-Control": "no-store"})
    body = f'<h1>{escape(_title(post))}</h1><p><a href="/post/{escape(post.id)}">See it on Promptgram</a></p>'
    tags = _tags(request, post)
    page = _TITLE.sub("", _template(index, body), count=1).replace("</head>", f"{tags}</head>", 1)
    return HTMLResponse(page, headers={"Cache-Control": "public, max-age=60"})


@router.get("/oembed")
async def oembed(
    request: Request,
    parts: PartsDep,
    url: Annotated[str, Query(max_length=2000, description="A share link, …/p/{id}.")],
    maxwidth: Annotated[int | None, Query(ge=1)] = None,
) -> OEmbed:
    """What a page that embeds a shared post needs."""
    post_id = _shared_at(url)
    post = await _open_post(parts, post_id) if post_id else None
    if post is None:
        raise not_found()
    base, image = str(request.base_url).rstrip("/"), post.images[0]
    rung = (
        "640" if maxwidth and 640 <= maxwidth < image.width else "320" if maxwidth and maxwidth < image.width else None
    )
    width = int(rung) if rung else image.width
    path = image.sources.jpeg["640" if rung == "640" else "320"] if rung else _original(image.sources.original)
    return OEmbed(
        provider_url=f"{base}/",
        title=_title(post),
        author_name=post.author.display_name,
        author_url=f"{base}/u/{post.author.username}",
        url=base + path,
        width=width,
        height=round(image.height * width / image.width),
    )


def _shared_at(url: str) -> str | None:
    try:
        path = urlsplit(url).path
    except ValueError:  # as of `http://[`
        return None
    found = re.fullmatch(r"/(?:p|post)/([\w-]{1,64})", path)
    return found[1] if found else None


async def _open_post(parts: Parts, post_id: str) -> Post | None:
    found = await parts.posts.get(post_id)
    shown = await present.posts(parts, None, await visible_posts(parts, None, [found], "share") if found else [])
    return shown[0] if shown else None


def _template(index: Path, body: str) -> str:
    """The built web app's page, or a bare one where it was not built."""
    return index.read_text(encoding="utf-8") if index.is_file() else _PLAIN.format(body=body)


def _title(post: Post) -> str:
    words = post.caption or post.prompt or "A picture"
    return f"{_short(words)} — {post.author.display_name} on Promptgram"


def _tags(request: Request, post: Post) -> str:
    base, image = str(request.base_url).rstrip("/"), post.images[0]
    link, title = f"{base}/p/{post.id}", _title(post)
    described = _short(post.prompt or post.caption or image.alt)
    named = {
        "og:type": "article",
        "og:site_name": "Promptgram",
        "og:title": title,
        "og:description": described,
        "og:url": link,
        "og:image": base + _original(image.sources.original),
        "og:image:type": "image/jpeg",
        "og:image:width": str(image.width),
        "og:image:height": str(image.height),
        "og:image:alt": image.alt,
        "article:author": f"{base}/u/{post.author.username}",
        "article:published_time": post.created_at.isoformat(),
    }
    for_cards = {
        "description": described,
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": described,
        "twitter:image": named["og:image"],
        "twitter:image:alt": image.alt,
    }
    if post.visibility == "unlisted":
        for_cards["robots"] = "noindex"
    lines = [f"<title>{escape(title)}</title>", f'<link rel="canonical" href="{escape(link)}">']
    lines += [f'<meta property="{name}" content="{escape(value)}">' for name, value in named.items()]
    lines += [f'<meta name="{name}" content="{escape(value)}">' for name, value in for_cards.items()]
    lines.append(f'<link rel="alternate" type="application/json+oembed" href="{escape(f"{base}/oembed?url={link}")}">')
    return "".join(lines)


def _original(webp_path: str) -> str:
    """The JPEG beside the WebP original: what every site can show."""
    return webp_path.replace("/original.webp", "/original.jpg")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1].rstrip() + "…"
