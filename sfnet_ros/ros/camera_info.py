"""Calibrations for pictures of another size than the camera's."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest


def rescale(info: CameraInfo, from_hw: tuple[int, int], to_hw: tuple[int, int]) -> CameraInfo:
    """Give the calibration that holds for a camera's pictures after they were resized.

    Where the camera calibrates another size than it sends, as one that bins pixels or sends a region of interest does,
    the result describes the resized picture itself: no binning and no region are left to apply.

    Args:
        info: The camera's calibration; the result has its header.
        from_hw: Size (height, width) of the camera's pictures.
        to_hw: Size that they were resized to.

    Raises:
        ValueError: The calibration is of no size, or not of finite numbers.
    """
    top, left, height, width = _shown(info, from_hw)
    y, x = to_hw[0] / height, to_hw[1] / width
    resizing = np.array([[x, 0.0, -x * left], [0.0, y, -y * top], [0.0, 0.0, 1.0]])
    with np.errstate(over='ignore', invalid='ignore'):
        k, p = resizing @ np.reshape(info.k, (3, 3)), resizing @ np.reshape(info.p, (3, 4))
    if not (np.isfinite(k).all() and np.isfinite(p).all()):
        raise ValueError('the CameraInfo holds numbers that are not finite')
    of_whole_pictures = from_hw == (info.height, info.width)
    return CameraInfo(
        header=info.header,
        height=to_hw[0],
        width=to_hw[1],
        distortion_model=info.distortion_model,
        d=info.d,
        k=k.ravel(),
        r=info.r,
        p=p.ravel(),
        binning_x=info.binning_x if of_whole_pictures else 0,
        binning_y=info.binning_y if of_whole_pictures else 0,
        roi=_resized(info.roi, (y, x), to_hw) if of_whole_pictures else RegionOfInterest(),
    )


def _shown(info: CameraInfo, picture_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """Say which part (top, left, height, width) of the calibrated size a picture shows."""
    whole_hw = (info.height, info.width)
    if 0 in whole_hw:
        raise ValueError(
            f'the CameraInfo is for pictures of {whole_hw[0]} rows and {whole_hw[1]} columns, '
            f'and the frame has {picture_hw[0]} and {picture_hw[1]}'
        )
    roi = info.roi
    binned_hw = (roi.height // max(info.binning_y, 1), roi.width // max(info.binning_x, 1))
    if picture_hw != whole_hw and picture_hw == binned_hw:
        return roi.y_offset, roi.x_offset, roi.height, roi.width
    return 0, 0, *whole_hw


def _resized(roi: RegionOfInterest, scale_yx: tuple[float, float], to_hw: tuple[int, int]) -> RegionOfInterest:
    (y, x), (height, width) = scale_yx, to_hw
    return RegionOfInterest(
        x_offset=min(round(roi.x_offset * x), width),
        y_offset=min(round(roi.y_offset * y), height),
        width=min(round(roi.width * x), width),
        height=min(round(roi.height * y), height),
        do_rectify=roi.do_rectify,
    )
