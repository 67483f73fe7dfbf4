"""The ROS 2 layer: the only folder that imports rclpy or message packages."""
