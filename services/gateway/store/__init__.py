"""The gateway's MongoDB collections, one module each."""
