"""The segmentation node: labels for the frames of cameras."""
