"""Decides which posts are like these words or this picture."""
