"""Makes the passwords of the stack in containers: `python -m deploy.secrets` writes deploy/.env.

Each name of compose.env.example gets a value of its own. An existing file stays as it is: the database and the broker
have been set up with what is in it.
"""

from __future__ import annotations

import os
import secrets
import string
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
EXAMPLE = FOLDER / "compose.env.example"
KEPT = FOLDER / ".env"
LENGTH = 40
LETTERS_AND_DIGITS = string.ascii_letters + string.digits


def main() -> int:
    """Write the file, readable by its owner alone; 1 when there is one already."""
    try:
        descriptor = os.open(KEPT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{KEPT} exists and stays as it is; move it away first if you mean to start anew.", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w") as file:
        file.write(filled(EXAMPLE.read_text()))
    print(f"{KEPT}: fresh secrets, for this stack alone. Keep a copy where you keep secrets.")
    return 0


def filled(example: str) -> str:
    """The example with a secret after each `NAME=`; comments and lines with a value stay."""
    return "".join(
        f"{line}{secret()}\n" if line.endswith("=") and not line.startswith("#") else f"{line}\n"
        for line in example.splitlines()
    )


def secret() -> str:
    """About 238 bits. A letter first: nats-server would read 12e4 as a number."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(LETTERS_AND_DIGITS) for _ in range(LENGTH - 1))


if __name__ == "__main__":
    sys.exit(main())
