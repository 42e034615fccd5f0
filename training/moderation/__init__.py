"""Trains and measures the moderation models: `python -m training.moderation`, `python -m training.moderation.evaluate`."""
