"""How a service's process begins: `python -m shared.serve services.feed.main:create_app --port 8001`.

Takes uvicorn's options.
"""

from __future__ import annotations

import sys

import uvicorn

from shared import garbage

if __name__ == "__main__":
    garbage.rest_while_loading()
    uvicorn.main(["--factory", "--no-access-log", "--log-level", "warning", *sys.argv[1:]])
