"""What a text says, however it is disguised: normalising, rules, and trained heads."""
