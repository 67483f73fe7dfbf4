"""How fast a network runs on this machine, in every way that there is, and how faithful to float32."""
