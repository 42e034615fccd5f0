"""Training of the small image encoder that reads pictures into the space of frozen MiniLM text embeddings."""
