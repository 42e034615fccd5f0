"""A small OpenID Connect issuer as a process of its own: `python -m tests.api.gateway_people.issuer PORT`.

`POST /token {claims}` signs; `/rotate` makes a new key and forgets the old; `/break` and `/mend` concern its key page.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 0
ISSUER = f"http://127.0.0.1:{PORT}"


class State:
    number = 0
    broken = False
    reads = 0

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


state = State()
state.rotate()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/.well-known/openid-configuration":
                self._answer({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})
            case "/jwks" if not state.broken:
                state.reads += 1
                self._answer(state.jwks())
            case "/reads":
                self._answer({"reads": state.reads})
            case _:
                self._answer({}, 500)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        match self.path:
            case "/token":
                headers = {"kid": body.pop("_kid", state.kid)}
                self._answer({"token": jwt.encode(body, state.key, state.algorithm, headers=headers)})
            case "/rotate":
                state.rotate()
                self._answer({})
            case "/break" | "/mend":
                state.broken = self.path == "/break"
                self._answer({})

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
