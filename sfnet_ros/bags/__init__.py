"""Write, read and judge rosbag2 recordings; none of it needs ROS."""
