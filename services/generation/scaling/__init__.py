"""How many containers are kept for the demand that is seen and expected."""
