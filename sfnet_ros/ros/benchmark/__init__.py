"""Measure the real node between a camera and a consumer of its labels, as separate processes over real DDS."""
