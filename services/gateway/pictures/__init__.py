"""The bytes of pictures: who may have them, in which form, and when they go."""
