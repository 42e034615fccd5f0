"""From a prompt to pictures: whether it is taken, how it moves, and who watches."""
