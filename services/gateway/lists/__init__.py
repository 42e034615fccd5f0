"""Pages of posts: asked from feed and search, seen through visibility, refilled."""
