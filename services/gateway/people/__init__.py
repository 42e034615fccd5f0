"""People towards each other and towards what is kept of them."""
