"""The calibration of a camera, from the files that it is kept in to sensor_msgs/CameraInfo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import yaml
from numpy.typing import NDArray

from sfnet_ros.bags.messages import TYPES, Stamped, header

CAMERA_INFO: Final = 'sensor_msgs/msg/CameraInfo'

# Of all of Cityscapes, whose files do not say it.
_CITYSCAPES_HW: Final = (1024, 2048)

# A picture that was cut, and not only made smaller, is no longer what was calibrated.
_MOST_STRETCH: Final = 1.01


@dataclass(frozen=True)
class Camera:
    """Hold a calibration, under the names and in the order of sensor_msgs/CameraInfo.

    Args:
        hw: Size of the pictures that it is for.
        k: Camera matrix, ``(3, 3)``.
        d: Distortion coefficients.
        r: Rectification, ``(3, 3)``.
        p: Projection, ``(3, 4)``.
        distortion_model: What the coefficients are of, such as ``plumb_bob``.
    """

    hw: tuple[int, int]
    k: NDArray[np.float64]
    d: NDArray[np.float64]
    r: NDArray[np.float64]
    p: NDArray[np.float64]
    distortion_model: str = 'plumb_bob'

    def at(self, hw: tuple[int, int]) -> Camera:
        """Give the calibration for pictures that were made smaller or larger.

        Raises:
            ValueError: The size has other proportions.
        """
        y, x = (new / old for new, old in zip(hw, self.hw, strict=True))
        if not 1 / _MOST_STRETCH <= x / y <= _MOST_STRETCH:
            raise ValueError(
                f'the calibration is for frames of {self.hw[0]}x{self.hw[1]} and does not fit those of '
                f'{hw[0]}x{hw[1]}: give one for them, or uncut frames'
            )
        # Pixels are counted from the middle of the first one.
        scale = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        return Camera(hw, scale @ self.k, self.d, self.r, scale @ self.p, self.distortion_model)

    def message(self, at_ns: int, frame_id: str) -> Stamped:
        """Pack the calibration as sensor_msgs/CameraInfo."""
        region = TYPES.types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
        matrices = (self.k.ravel(), self.r.ravel(), self.p.ravel())
        return cast(
            Stamped,
            TYPES.types[CAMERA_INFO](
                header(at_ns, frame_id), *self.hw, self.distortion_model, self.d, *matrices, 0, 0, region
            ),
        )


def read_camera(path: Path) -> Camera:
    """Read a calibration: a .yaml file of ROS (camera_calibration), or a .json file of Cityscapes.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no calibration.
    """
    text = path.read_text(encoding='utf-8', errors='replace')
    is_json = path.suffix.lower() == '.json'
    try:
        return _of_cityscapes(json.loads(text)) if is_json else _of_ros(yaml.safe_load(text))
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, yaml.YAMLError) as error:
        kind = 'Cityscapes: intrinsic with fx, fy, u0 and v0' if is_json else 'ROS: image_width, camera_matrix, ...'
        raise ValueError(
            f'{path} holds no calibration ({type(error).__name__}: {" ".join(str(error).split())}); '
            f'accepted is a file of {kind}'
        ) from error


def _of_cityscapes(document: Any) -> Camera:
    # The left pictures are rectified already.
    fx, fy, u0, v0 = (float(document['intrinsic'][name]) for name in ('fx', 'fy', 'u0', 'v0'))
    k = _matrix([fx, 0, u0, 0, fy, v0, 0, 0, 1], (3, 3))
    return Camera(_CITYSCAPES_HW, k, np.zeros(5), np.eye(3), _projection(k))


def _of_ros(document: Any) -> Camera:
    k = _matrix(document['camera_matrix']['data'], (3, 3))
    rectification, projection = document.get('rectification_matrix'), document.get('projection_matrix')
    coefficients = document['distortion_coefficients']['data']
    return Camera(
        (int(document['image_height']), int(document['image_width'])),
        k,
        _matrix(coefficients, (len(coefficients),)),
        np.eye(3) if rectification is None else _matrix(rectification['data'], (3, 3)),
        _projection(k) if projection is None else _matrix(projection['data'], (3, 4)),
        str(document.get('distortion_model', 'plumb_bob')),
    )


def _projection(k: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([k, np.zeros((3, 1))])


def _matrix(values: Sequence[float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    matrix = np.array(values, np.float64).reshape(shape)
    if not np.isfinite(matrix).all():
        raise ValueError('a number is not finite')
    return matrix
