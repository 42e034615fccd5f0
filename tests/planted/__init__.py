"""Bugs that are planted into a copy of the sources, to see that the tests catch them: `make planted-bugs`."""
