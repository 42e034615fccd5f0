"""The built web app: its files, and its index page for every address that the app itself routes."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from services.gateway.edge.etags import is_known

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Promptgram</title>
<h1>The web app has not been built</h1>
<p>The API is running: see the <a href="/docs">reference</a>. Build the page with
<code>npm ci &amp;&amp; npm run build</code> in <code>services/gateway/web</code>,
or start everything with <code>make run</code>.</p>
</html>"""
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content encodings and the endings of the files that the build compressed with them, best first."""
_API_PATHS = re.compile(r"/*(v\d+|media|p|docs|openapi\.json|asyncapi)(/|$)", re.IGNORECASE)
"""Addresses at which nobody expects the page, however they were mistyped."""


def serve_web_app(app: FastAPI, dist: Path) -> None:
    """Answer every GET that no route took. Add it after all routers."""
    root = dist.resolve()

    @app.get("/{path:path}", include_in_schema=False)
    async def page(path: str, request: Request) -> Response:
        if _API_PATHS.match(path):
            raise HTTPException(404)
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, 503 if path == "" else 404, {"Cache-Control": "no-store"})
        try:
            file = (root / path).resolve()
            found = file.is_file() and file.is_relative_to(root)
        except (OSError, ValueError):
            found = False
        if found and file != index:
            # Vite puts a content hash into the names under assets/.
            hashed = path.startswith("assets/")
            cache = "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"
            return _file(file, request, cache)
        if "." in path.rpartition("/")[2]:
            raise HTTPException(404)
        return _file(index, request, "no-cache")


def _file(path: Path, request: Request, cache: str) -> Response:
    """A file, or the compressed copy of it that the client takes; 304 when it has that one."""
    accepted = {part.split(";")[0].strip() for part in request.headers.get("Accept-Encoding", "").split(",")}
    copies = {name: path.with_name(path.name + ending) for name, ending in _ENCODINGS.items()}
    encoding = next((name for name, copy in copies.items() if name in accepted and copy.is_file()), None)
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if encoding:
        headers["Content-Encoding"] = encoding
    sent = copies[encoding] if encoding else path
    media_type = mimetypes.guess_type(path.name)[0]
    answer = FileResponse(sent, headers=headers, media_type=media_type, stat_result=sent.stat())
    if is_known(request, answer.headers["ETag"]):
        return Response(status_code=304, headers=headers | {"ETag": answer.headers["ETag"]})
    return answer
