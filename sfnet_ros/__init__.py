"""Real-time semantic segmentation for robots: SFNet as a library and as a ROS 2 node."""
