"""The topics on which the node publishes what it made of a frame."""

from sfnet_ros.ros.segmentation.outputs.announcements import Announcements
from sfnet_ros.ros.segmentation.outputs.camera_outputs import CameraOutputs
from sfnet_ros.ros.segmentation.outputs.class_ids import check_label_ids

__all__ = ['Announcements', 'CameraOutputs', 'check_label_ids']
