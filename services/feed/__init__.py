"""Decides what a person sees next, and why."""
