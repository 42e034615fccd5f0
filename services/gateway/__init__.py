"""Decides who may do what: the public API and the web app."""
