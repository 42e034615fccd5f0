"""Measures search on made-up communities, and chooses how much each of its signals counts."""
