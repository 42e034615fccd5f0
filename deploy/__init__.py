"""Running Promptgram: on one machine, in containers, and the operators' tools."""
