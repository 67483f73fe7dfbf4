"""Replay a recording through the real node, as separate processes over real DDS."""
