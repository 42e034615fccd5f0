"""Decides allow, hold or block a prompt, an image, a comment."""
