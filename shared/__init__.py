"""Contracts and plumbing that every service relies on. Decides nothing, and never imports a service."""
