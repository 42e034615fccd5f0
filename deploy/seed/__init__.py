"""A community to begin with: people, pictures that the real pipeline paints, and what people say about them."""
