"""Who somebody is: accounts, passwords, tokens, and people of an outside issuer."""
