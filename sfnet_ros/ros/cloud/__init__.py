"""What `semantic_cloud_node` makes of labels: points, obstacles, and the ground that can be driven on."""
