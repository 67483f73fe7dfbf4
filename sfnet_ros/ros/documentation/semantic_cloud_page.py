"""The page of the semantic cloud node."""

from __future__ import annotations

from sfnet_ros.ros.cloud.outputs import OUTPUTS
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.documentation.parameters_page import parameter_table
from sfnet_ros.ros.documentation.table import table

_PAGE = """\
# `semantic_cloud_node`

It places the labels of `segmentation_node` in space: as a point cloud, as a cloud of obstacles alone, and, for robots
without depth, as a grid of the ground that can be driven on. The node is called `semantic_cloud`, so that `~/points` is
`/semantic_cloud/points`. [Navigation](navigation.md) tells how Nav2 takes these in.

```
ros2 launch sfnet_ros semantic_cloud.launch.py depth:=/camera/depth/image_rect camera_info:=/camera/camera_info
```

## Subscribed

{inputs}

All but the legend are subscribed to with best effort and depth 5, so that they match every publisher. Labels,
confidences, depth and image belong together when their stamps are equal to the nanosecond, or, with
`max_stamp_difference_ms`, depth and image when theirs are the nearest within that.

Depth and labels have to be of one rectified picture: the projection matrix of the CameraInfo counts, or its camera
matrix where that is zero, and distortion is not taken out.

## Published

{outputs}

All are reliable; `~/drivable` is transient local as well. Clouds have the header of their labels, bit for bit; the grid
has its stamp. Nothing is made that nobody subscribes to.

A point has `x`, `y`, `z` in metres in the frame of the camera, `rgb` as 0xRRGGBB in the bits of a float, `label`
(uint32, the number in the label map, 255 is unlabelled) and `confidence` (uint8, 0 to 255), as the Point Cloud Library
reads them into a PointXYZRGBL.

Quality of service can be overridden as for [segmentation_node](parameters.md#quality-of-service).

## The ground as a plane

With `mode: ground_plane` every pixel is taken to lie on the ground, `camera_height` and `camera_pitch` below and before
the camera, or as tf has it where `camera_height` is 0.0 and tf2_ros is installed. `~/drivable` is a square of
2 x `grid_range` around the origin of `base_frame`; a cell is as bad as the worst label seen at nine places in it. The
clouds are published too, with the depth that the plane has. What stands upright is right where it meets the ground and
smears away from the camera behind that: the robot sees no farther there either, so take it for occupied.

## Parameters

{parameters}

*Changes* is explained with the parameters of [segmentation_node](parameters.md).

## Diagnostics

Once a second the node has a status on `/diagnostics`, `semantic_cloud: node` with the namespace before it, in every
state of its lifecycle: ERROR where it could not be configured or activated, WARN where nothing has come together for
`silence_s` or frames were refused since the last status, with the reason, and OK otherwise. Its values count what
became of all frames: matched, dropped for newer ones, served and refused.

## Frames that cannot be used

A frame whose label, confidence or depth is of another encoding or does not fit its own size and step, or whose
CameraInfo holds numbers that no camera has, is dropped with a warning (at most one in five seconds) and counted, and
the next good one is served. A legend that cannot be read stops the clouds until a good one comes.
After `silence_s` without a whole frame the node says what came on which topic, and what did not.
"""


_INPUTS = (
    ('label', 'Image', 'The labels, mono8: remap it to `/sfnet/label`, or `/sfnet/nav/label` for fewer points.'),
    ('confidence', 'Image', 'Their confidences, mono8, of the same size; not with `use_confidence: false`.'),
    (
        'depth',
        'Image',
        'Depth registered to the labelled camera, of any size: 16UC1 in millimetres or 32FC1 in metres, of either byte '
        'order. In mode `depth`.',
    ),
    (
        'camera_info',
        'CameraInfo',
        'Calibration of that camera, of any size; the newest counts, scaled to the size of the labels.',
    ),
    ('image', 'Image', "The camera's picture, of any size, with `color: image` only."),
)
_HEADER = ('topic', 'type', 'what it is')


def semantic_cloud_page() -> str:
    """Describe the topics and parameters."""
    rows = [
        (
            f'`~/{output.name}`',
            output.type_name,
            f'{output.description} In mode `ground_plane`.' if output.ground_plane_only else output.description,
        )
        for output in OUTPUTS
    ]
    inputs = [(f'`{name}`', f'sensor_msgs/{kind}', description) for name, kind, description in _INPUTS]
    inputs.append(('`legend`', 'std_msgs/String', 'The classes, latched: `/sfnet/legend`; not with `label_space`.'))
    return _PAGE.format(
        inputs=table(_HEADER, inputs), outputs=table(_HEADER, rows), parameters=parameter_table(CloudParameters)
    )
