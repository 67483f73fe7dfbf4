"""What becomes of one frame: points, obstacles, and the drivable ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from nav_msgs.msg import OccupancyGrid
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from sfnet_ros.geometry import (
    GroundGrid,
    GroundView,
    Mount,
    ObstacleLimits,
    Pinhole,
    back_project,
    find_obstacles,
    sample_nearest,
    to_metres,
)
from sfnet_ros.geometry.ground import rank_labels
from sfnet_ros.ros.camera_info import rescale
from sfnet_ros.ros.cloud.decode import bytes_of, depth_of
from sfnet_ros.ros.cloud.inputs import CloudFrame
from sfnet_ros.ros.cloud.messages import cloud_message, grid_message, make_points, pick
from sfnet_ros.ros.cloud.mounts import Mounts, MountUnknownError
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.runtime.image import ImageFormatError, to_rgb


@dataclass(frozen=True)
class Wanted:
    """Say which outputs somebody listens to."""

    points: bool = True
    obstacles: bool = True
    drivable: bool = True


@dataclass(frozen=True)
class Painted:
    """Hold the messages that were made of a frame; None is not wanted, or not made in this mode."""

    points: PointCloud2 | None = None
    obstacles: PointCloud2 | None = None
    drivable: OccupancyGrid | None = None


@dataclass
class Painter:
    """Make messages of frames.

    Args:
        mounts: Know where the camera is.
        warn: Takes what a warning is about, and a sentence about a frame that is not served in full.
    """

    mounts: Mounts
    warn: Callable[[str, str], object]
    _view: GroundView | None = field(default=None, init=False)

    def paint(self, frame: CloudFrame, parameters: CloudParameters, wanted: Wanted) -> Painted:
        """Make what is wanted of a frame.

        Raises:
            ValueError: One sentence about what does not make sense in the frame, or that its camera has no known place.
        """
        labels = bytes_of(frame.label)
        mount = self._mount(frame, parameters)
        if parameters.needs_depth:
            assert frame.depth is not None
            depth = depth_of(frame.depth)
            self._compare_frames(frame.depth, frame.label)
            camera = pinhole_of(frame.camera_info, depth.shape, labels.shape)
            metres = to_metres(sample_nearest(depth, labels.shape))
            drivable = None
        else:
            assert mount is not None
            view = self._ground(pinhole_of(frame.camera_info, labels.shape, labels.shape), mount, parameters)
            camera, metres = view.camera, view.depth
            drivable = _drivable(frame, labels, view, parameters) if wanted.drivable else None
        if not wanted.points and not wanted.obstacles:
            return Painted(drivable=drivable)
        xyz = back_project(metres, camera)
        points = make_points(xyz, _colors(frame, labels), labels, _confidence(frame, labels))
        obstacles = None
        if wanted.obstacles:
            limits = _limits(parameters)
            found = find_obstacles(xyz, labels, frame.legend.is_obstacle, limits, mount)
            obstacles = cloud_message(frame.label.header, pick(points, found), is_dense=True)
        cloud = cloud_message(frame.label.header, points, is_dense=False) if wanted.points else None
        return Painted(cloud, obstacles, drivable)

    def _mount(self, frame: CloudFrame, parameters: CloudParameters) -> Mount | None:
        try:
            return self.mounts.at(frame.label.header)
        except MountUnknownError as error:
            if not parameters.needs_depth:
                raise
            self.warn('heights', f'heights of obstacles are not limited: {error}')
            return None

    def _compare_frames(self, depth: Image, label: Image) -> None:
        if depth.header.frame_id != label.header.frame_id:
            self.warn(
                'frames',
                f'depth is in frame {depth.header.frame_id!r} and labels are in {label.header.frame_id!r}: they lie on '
                'each other only where depth is registered to the labelled camera',
            )

    def _ground(self, camera: Pinhole, mount: Mount, parameters: CloudParameters) -> GroundView:
        grid = GroundGrid(parameters.grid_resolution, parameters.grid_range)
        view = self._view
        if view is None or view.camera != camera or not mount.same_as(view.mount) or view.grid != grid:
            view = self._view = GroundView(camera, mount, grid)
        return view


def pinhole_of(info: CameraInfo, from_hw: tuple[int, int], to_hw: tuple[int, int]) -> Pinhole:
    """Give the camera of a picture that was resized.

    Args:
        info: Calibration; its projection matrix counts where there is one, as depths lie on rectified frames.
        from_hw: Size of the camera's pictures, or any other if they show all that was calibrated.
        to_hw: Size of the labels.

    Raises:
        ValueError: The calibration cannot be.
    """
    scaled = rescale(info, from_hw, to_hw)
    p, k = scaled.p, scaled.k
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if p[0] else (k[0], k[4], k[2], k[5])
    try:
        return Pinhole(float(fx), float(fy), float(cx), float(cy), to_hw)
    except ValueError as error:
        raise ValueError(f'the CameraInfo describes no camera: {error}') from error


def _drivable(
    frame: CloudFrame, labels: NDArray[np.uint8], view: GroundView, parameters: CloudParameters
) -> OccupancyGrid:
    ranks = rank_labels(frame.legend.is_class, frame.legend.is_drivable)
    cells = view.occupancy(labels, ranks)
    return grid_message(frame.label.header, parameters.base_frame, view.grid, cells)


def _limits(parameters: CloudParameters) -> ObstacleLimits:
    low, high = parameters.min_obstacle_range, parameters.max_obstacle_range
    if not parameters.needs_depth:
        # On a ground plane everything has height 0.
        return ObstacleLimits(low, high)
    return ObstacleLimits(low, high, parameters.min_obstacle_height, parameters.max_obstacle_height)


def _confidence(frame: CloudFrame, labels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    if frame.confidence is None:
        return None
    confidence = bytes_of(frame.confidence)
    if confidence.shape != labels.shape:
        raise ImageFormatError(f'labels of {labels.shape} come with confidences of {confidence.shape} (height, width)')
    return confidence


def _colors(frame: CloudFrame, labels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    if frame.image is None:
        return frame.legend.colors.take(labels)
    rgb = sample_nearest(to_rgb(frame.image), labels.shape).astype(np.uint32)
    return np.asarray(rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2], np.uint32)
