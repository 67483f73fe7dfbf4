"""Point clouds and grids as ROS messages.

Not by sensor_msgs_py, which wheels do not have: it takes an array of height x width for a cloud of width x height, and
copies it twice.
"""

from __future__ import annotations

import array
import sys
from typing import Any

import numpy as np
from nav_msgs.msg import OccupancyGrid
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from sfnet_ros.geometry import GroundGrid

# As the Point Cloud Library names and types them, so that its PointXYZRGBL reads it: rgb is 0xRRGGBB in a float's bits.
POINT = np.dtype(
    {
        'names': ['x', 'y', 'z', 'rgb', 'label', 'confidence'],
        'formats': [np.float32, np.float32, np.float32, np.uint32, np.uint32, np.uint8],
        'offsets': [0, 4, 8, 12, 16, 20],
        'itemsize': 24,
    }
)
_FIELD_TYPES = {'f4': PointField.FLOAT32, 'u4': PointField.UINT32, 'u1': PointField.UINT8}

Points = NDArray[Any]


def make_points(
    xyz: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    colors: NDArray[np.uint32],
    label_map: NDArray[np.uint8],
    confidence: NDArray[np.uint8] | None,
) -> Points:
    """Put everything that is known of each pixel together.

    Args:
        xyz: ``(H, W)`` each, like the others.
        colors: 0xRRGGBB.
        label_map: The classes.
        confidence: None is 255 everywhere.

    Returns:
        ``(H, W)`` of `POINT`.
    """
    # Bytes between the fields are zero, and a page that is never written costs nothing.
    points = np.zeros(label_map.shape, POINT)
    for name, axis in zip(('x', 'y', 'z'), xyz, strict=True):
        points[name] = axis
    points['rgb'] = colors
    points['label'] = label_map
    points['confidence'] = 255 if confidence is None else confidence
    return points


def pick(points: Points, indices: NDArray[np.intp]) -> Points:
    """Take some points, by their place among the flattened ones."""
    # As plain blocks of bytes they are taken ten times as fast.
    blocks = points.reshape(-1).view(np.dtype((np.void, POINT.itemsize)))
    return blocks.take(indices).view(POINT)


def cloud_message(header: Header, points: Points, *, is_dense: bool) -> PointCloud2:
    """Build a cloud, organised where the points are ``(H, W)``.

    Args:
        header: Becomes the message's header as it is.
        points: Of `POINT`, ``(H, W)`` or ``(N,)``.
        is_dense: Whether every point has a place.
    """
    height, width = points.shape if points.ndim == 2 else (1, points.size)
    message = PointCloud2(header=header, height=height, width=width, is_dense=is_dense)
    message.fields = [_field(name) for name in POINT.names or ()]
    message.is_bigendian = sys.byteorder == 'big'
    message.point_step, message.row_step = POINT.itemsize, POINT.itemsize * width
    # Only an array.array, assigned after construction, is taken as it is.
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(points).data.cast('B') if points.size else b'')
    message.data = data
    return message


def grid_message(header: Header, frame_id: str, grid: GroundGrid, cells: NDArray[np.int8]) -> OccupancyGrid:
    """Build a grid in a frame of its own, at the time of a header."""
    message = OccupancyGrid()
    message.header.stamp, message.header.frame_id = header.stamp, frame_id
    message.info.map_load_time = header.stamp
    message.info.resolution = grid.resolution
    message.info.height, message.info.width = cells.shape
    message.info.origin.position.x = message.info.origin.position.y = grid.origin
    data = array.array('b')
    data.frombytes(np.ascontiguousarray(cells).data.cast('B'))
    message.data = data
    return message


def _field(name: str) -> PointField:
    assert POINT.fields is not None
    dtype, offset = POINT.fields[name][:2]
    datatype = PointField.FLOAT32 if name == 'rgb' else _FIELD_TYPES[f'{dtype.kind}{dtype.itemsize}']
    return PointField(name=name, offset=offset, datatype=datatype, count=1)
