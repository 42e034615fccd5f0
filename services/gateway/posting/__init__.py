"""Posts and what people do with them: published, liked, said, reported, decided, counted."""
