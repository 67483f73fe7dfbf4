"""Spread work over processes, on this machine or on many."""
