"""What every request meets whatever it asks for: limits, headers, replays, pages of lists, clean text."""
