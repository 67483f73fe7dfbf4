"""Training of SFNet, offline."""
