"""Replays demand against scaling policies in simulated time."""
