"""Decides which prompt runs next, on which model, in which batch."""
