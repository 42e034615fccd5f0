"""A small OpenID Connect issuer as a process of its own: `python -m tests.issuer PORT`.

People sign in at `/authorize` by their name, for the client `CLIENT` with PKCE. A test steers it by POST with JSON:
`/sign {claims}` signs a token, `/rotate` makes a new key and forgets the old, `/break` and `/mend` its key page, and
`/set {"redirect_uri", "secret", "methods", "claims", "apart", "down"}` says which client it knows and how that one may
prove it, which claims its ID tokens have instead of the right ones, whether names are told by `/userinfo` only, and
whether `/token` works.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT = "promptgram-web"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Test ID</title><h1>Test ID</h1>
<form method="post" action="/decide?{query}"><label>Your name <input name="name"></label>
<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>"""


class State:
    def __init__(self) -> None:
        self.number = 0
        self.broken = False
        self.reads = 0
        self.settings: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.rotate()

    def rotate(self) -> None:
        self.number += 1
        self.kid = f"key-{self.number}"
        self.elliptic = self.number % 2 == 0
        self.key: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if self.elliptic
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )

    def jwks(self) -> dict[str, Any]:
        kind = ECAlgorithm if self.elliptic else RSAAlgorithm
        jwk = kind.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [jwk | {"kid": self.kid, "use": "sig", "alg": self.algorithm}]}

    @property
    def algorithm(self) -> str:
        return "ES256" if self.elliptic else "RS256"

    def sign(self, claims: dict[str, Any], kid: str | None = None) -> str:
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": kid or self.kid})


def person(name: str) -> dict[str, Any]:
    """What the issuer knows of whoever signs in by this name."""
    return {"preferred_username": name, "name": name.title(), "email": f"{name}@id.example.org", "email_verified": True}


state = State()


class Handler(BaseHTTPRequestHandler):
    @property
    def issuer(self) -> str:
        host, port = self.server.server_address[:2]
        return f"http://{host!s}:{port}"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query))
        match address.path:
            case "/.well-known/openid-configuration":
                self._answer(
                    {
                        "issuer": self.issuer,
                        "jwks_uri": f"{self.issuer}/jwks",
                        "authorization_endpoint": f"{self.issuer}/authorize",
                        "token_endpoint": f"{self.issuer}/token",
                        "userinfo_endpoint": f"{self.issuer}/userinfo",
                        "authorization_response_iss_parameter_supported": True,
                    }
                    | (
                        {"token_endpoint_auth_methods_supported": state.settings["methods"]}
                        if "methods" in state.settings
                        else {}
                    )
                )
            case "/jwks" if not state.broken:
                state.reads += 1
                self._answer(state.jwks())
            case "/favicon.ico":
                self._send(b"", "image/x-icon", 200)
            case "/reads":
                self._answer({"reads": state.reads})
            case "/authorize":
                wanted = {
                    "response_type": "code",
                    "client_id": CLIENT,
                    "redirect_uri": state.settings.get("redirect_uri"),
                    "code_challenge_method": "S256",
                }
                # As OAuth wants it: a request that is not a known client's is never sent on.
                if wanted.items() <= query.items() and "openid" in query["scope"].split() and query["nonce"]:
                    self._page(PAGE.format(query=html.escape(address.query)))
                else:
                    self._answer({"error": "invalid_request"}, 400)
            case "/userinfo":
                name = self.headers.get("Authorization", "").removeprefix("Bearer token-of-")
                self._answer({"sub": name} | person(name))
            case _:
                self._answer({}, 500)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        address = urlsplit(self.path)
        if address.path in ("/decide", "/token"):
            form = dict(parse_qsl(text))
            if address.path == "/token":
                self._exchange(form)
            else:
                self._decide(dict(parse_qsl(address.query)), form)
            return
        body = json.loads(text or "{}")
        match address.path:
            case "/sign":
                kid = body.pop("_kid", None)
                self._answer({"token": state.sign(body, kid)})
            case "/rotate":
                state.rotate()
                self._answer({})
            case "/break" | "/mend":
                state.broken = self.path == "/break"
                self._answer({})
            case "/set":
                state.settings = body
                self._answer({})

    def _decide(self, query: dict[str, str], form: dict[str, str]) -> None:
        answer = {"state": query["state"], "iss": self.issuer}
        if form.get("answer") == "allow":
            answer["code"] = secrets.token_urlsafe(16)
            state.codes[answer["code"]] = query | {"name": form["name"]}
        else:
            answer |= {"error": "access_denied", "error_description": "<b>They said no</b>"}
        self.send_response(303)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer)}")
        self.end_headers()

    def _exchange(self, form: dict[str, str]) -> None:
        if state.settings.get("down"):
            self._answer({}, 503)
            return
        # As RFC 6749, section 2.3.1, wants them: form-encoded before they are joined.
        basic = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        given = (
            tuple(map(unquote_plus, basic.split(":"))) if basic else (form.get("client_id"), form.get("client_secret"))
        )
        if given != (CLIENT, state.settings.get("secret")):
            self._answer({"error": "invalid_client"}, 401)
            return
        begun = state.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = begun and (begun["code_challenge"], begun["redirect_uri"]) == (challenge, form.get("redirect_uri"))
        if not begun or not same or form.get("grant_type") != "authorization_code":
            self._answer({"error": "invalid_grant"}, 400)
            return
        now, name = int(time.time()), begun["name"]
        claims = {"iss": self.issuer, "sub": name, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": begun["nonce"]}
        told = {} if state.settings.get("apart") else person(name)
        token = state.sign(claims | told | state.settings.get("claims", {}))
        self._answer({"id_token": token, "access_token": f"token-of-{name}", "token_type": "Bearer", "expires_in": 60})

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        self._send(json.dumps(body).encode(), "application/json", status)

    def _page(self, page: str) -> None:
        self._send(page.encode(), "text/html; charset=utf-8", 200)

    def _send(self, data: bytes, kind: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
