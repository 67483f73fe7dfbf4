"""How the node is: what became of the frames, how long they took, and what is done and said about it."""
