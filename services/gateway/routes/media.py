"""`/media/{hash}/{width}.{extension}`, or without the extension: the bytes of pictures. Works without the database."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Path, Query, Request
from pymongo.errors import PyMongoError
from starlette.responses import Response

from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import is_known
from services.gateway.errors import not_found
from services.gateway.pictures.labels import Unlabelled, labelled, xmp
from services.gateway.pictures.negotiation import suited
from shared.media import MEDIA_TYPES, Extension, Width, media_path

log = structlog.get_logger(__name__)
router = APIRouter(tags=["media"])
_HASH = re.compile(r"[0-9a-f]{16,64}")
FOR_EVERYBODY = "public, max-age=31536000, immutable"
FOR_ONE = "private, max-age=31536000, immutable"
Name = Annotated[str, Path(max_length=64, description="The picture's content hash.")]
Expires = Annotated[int | None, Query(ge=0, lt=2**40, description="When the signature ends, as Unix time.")]
Signature = Annotated[str | None, Query(max_length=64, description="Needed unless everybody may see the picture.")]
Download = Annotated[Literal["1"] | None, Query(description="Offer it as a file to keep.")]
IN_ANY_FORM: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}},
    304: {"description": "Not changed."},
}


@router.get("/media/{name}/{width}.{extension}", response_class=Response, responses=IN_ANY_FORM)
async def get_media(
    request: Request,
    parts: PartsDep,
    name: Name,
    width: Width,
    extension: Extension,
    exp: Expires = None,
    sig: Signature = None,
    download: Download = None,
) -> Response:
    """One rendition of a picture. WebP and JPEG are ready; PNG and AVIF are made when first asked for."""
    if not _HASH.fullmatch(name):
        raise not_found()
    signed = exp is not None and sig is not None and parts.pictures.signature_holds(name, exp, sig, datetime.now(UTC))
    public = await parts.pictures.is_open(name)
    if not signed and not public:
        raise not_found()
    headers = {
        "Cache-Control": FOR_EVERYBODY if public and not signed else FOR_ONE,
        "ETag": f'"{name}-{width}-{extension}"',
        "X-Content-Type-Options": "nosniff",
    }
    if download:
        headers["Content-Disposition"] = f'attachment; filename="promptgram-{name[:12]}.{extension}"'
        headers["Cache-Control"] = "private, no-cache"
        # What a file to keep says of itself depends on what its author discloses today.
        del headers["ETag"]
    elif is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    data = await parts.renditions.get(name, width, extension)
    if data is None:
        raise not_found()
    if download:
        data = await _disclosing(parts, name, extension, data)
    return Response(data, headers=headers, media_type=MEDIA_TYPES[extension])


@router.get("/media/{name}/{width}", response_class=Response, responses=IN_ANY_FORM)
async def get_media_in_a_suited_form(
    request: Request,
    parts: PartsDep,
    name: Name,
    width: Width,
    exp: Expires = None,
    sig: Signature = None,
    download: Download = None,
) -> Response:
    """The same in the form that `Accept` likes best: WebP before AVIF where both are as welcome, JPEG for the rest."""
    extension = suited(request.headers.get("Accept"))
    answer = await get_media(request, parts, name, width, extension, exp, sig, download)
    answer.headers["Vary"] = "Accept"
    answer.headers["Content-Location"] = media_path(name, width, extension)
    return answer


async def _disclosing(parts: Parts, name: str, extension: Extension, file: bytes) -> bytes:
    """The file with its maker and prompt inside, if a post that everybody may see tells them."""
    try:
        post = await parts.posts.disclosing(name)
        image = next((one for one in post["images"] if one["hash"] == name), None) if post else None
        author = await parts.accounts.get(post["author_id"], {"display_name": 1}) if post else None
        if image is None or author is None:
            return file
        return labelled(file, extension, xmp(creator=author["display_name"], prompt=image["prompt"]))
    except (PyMongoError, Unlabelled) as error:
        log.warning("download without the prompt", name=name, error=str(error))
        return file
