"""Trains and measures the moderation heads: `python -m training.moderation`, `….evaluate`."""
