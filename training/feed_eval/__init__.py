"""Offline measurements of the feed on public data. `make eval-feed`."""
