"""The arrays that the outputs of a frame are made of."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from sfnet_ros.pictures import Picture, colorize, flow_colors, overlay
from sfnet_ros.ros.camera_info import rescale
from sfnet_ros.ros.segmentation.frame import SegmentedFrame
from sfnet_ros.ros.segmentation.outputs.class_ids import to_published


class Rendering:
    """Make the arrays of a frame when they are asked for, each once.

    All are of the label's size, which is the frame's unless the output size is set, and those of ``nav`` of theirs.
    """

    def __init__(self, frame: SegmentedFrame) -> None:
        self.frame = frame

    @property
    def header(self) -> Header:
        """Give the frame's header."""
        return self.frame.header

    @cached_property
    def label(self) -> NDArray[np.uint8]:
        """Give the label map in the ids that are published."""
        frame = self.frame
        return to_published(frame.segmentation.label_map, frame.label_space, frame.parameters.label_ids)

    @property
    def confidence(self) -> NDArray[np.uint8]:
        """Give the confidence."""
        return self.frame.segmentation.confidence

    @property
    def color(self) -> Picture:
        """Paint the classes."""
        return colorize(self.frame.segmentation.label_map, self.frame.label_space)

    @cached_property
    def overlay(self) -> Picture:
        """Paint the classes over the frame."""
        frame = self.frame
        rgb = _resized(frame.rgb, self._label_hw, cv2.INTER_AREA)
        return overlay(rgb, frame.segmentation.label_map, frame.label_space, frame.parameters.overlay_alpha)

    @property
    def nav_label(self) -> NDArray[np.uint8]:
        """Give the small label map: nearest neighbours, as ids cannot be mixed."""
        return _resized(self.label, self._nav_hw, cv2.INTER_NEAREST)

    @property
    def nav_confidence(self) -> NDArray[np.uint8]:
        """Give the confidence of the pixels of the small label map."""
        return _resized(self.confidence, self._nav_hw, cv2.INTER_NEAREST)

    @property
    def probabilities(self) -> NDArray[np.float32] | None:
        """Give the probabilities of all classes, where the details were asked for."""
        return self.frame.segmentation.probabilities

    @property
    def flow(self) -> Picture | None:
        """Paint the semantic flow, where the details were asked for."""
        flow = self.frame.segmentation.flow
        return None if flow is None else _resized(flow_colors(flow), self._label_hw, cv2.INTER_LINEAR)

    @property
    def camera_info(self) -> CameraInfo | None:
        """Give the calibration of the label map."""
        return self._camera_info(self._label_hw)

    @property
    def nav_camera_info(self) -> CameraInfo | None:
        """Give the calibration of the small label map."""
        return self._camera_info(self._nav_hw)

    @property
    def _label_hw(self) -> tuple[int, int]:
        height, width = self.frame.segmentation.label_map.shape
        return height, width

    @property
    def _nav_hw(self) -> tuple[int, int]:
        nav_hw = self.frame.parameters.nav_hw
        assert nav_hw is not None, 'not advertised'
        return nav_hw

    def _camera_info(self, to_hw: tuple[int, int]) -> CameraInfo | None:
        info = self.frame.camera_info
        if info is None:
            return None
        height, width = self.frame.rgb.shape[:2]
        rescaled = rescale(info, (height, width), to_hw)
        rescaled.header = self.frame.header
        return rescaled


def _resized(pixels: NDArray[np.uint8], size_hw: tuple[int, int], interpolation: int) -> NDArray[np.uint8]:
    height, width = size_hw
    if pixels.shape[:2] == size_hw:
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)
