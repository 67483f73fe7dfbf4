"""The page of the node's topics."""

from __future__ import annotations

import json

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.documentation.table import table
from sfnet_ros.ros.segmentation.outputs.announcements import legend_text
from sfnet_ros.ros.segmentation.outputs.table import DEPTH, OUTPUTS
from sfnet_ros.ros.segmentation.parameters import NodeParameters

_PAGE = """\
# Topics of `segmentation_node`

The node is called `sfnet`, so that `~/label` is `/sfnet/label`, and `/robot/sfnet/label` in the namespace `robot`.

## Subscribed

| topic | type | quality of service |
| --- | --- | --- |
| `image` with `image_transport: raw` | sensor_msgs/Image | best effort, depth 1 |
| `image` + `/compressed` with `image_transport: compressed` | sensor_msgs/CompressedImage | best effort, depth 1 |
| `camera_info` beside `image` | sensor_msgs/CameraInfo | best effort, depth 1 |

Remap `image` to the camera (`-r image:=/camera/image_raw`); the others follow: `/camera/image_raw/compressed` and
`/camera/camera_info`. A frame that comes while another is worked on waits, and a newer one takes its place, so that
labels are never older than need be. [Encodings](encodings.md) lists what an image may be encoded in.

With `cameras: [front, rear]` the images are `front/image` and `rear/image`, each with its own companions. All share one
model, and the frames that wait at the same time run as one batch: a slow camera never waits for a fast one.

## When frames are taken

While the node is active, and enabled: the service `~/enable` (std_srvs/SetBool) closes the subscriptions, for a robot
that stands still, and opens them again, with the model kept warm in between. With `lazy` a camera is subscribed to only
while somebody subscribes to one of its outputs, and of the frames that come `max_rate` leaves out what is too many.

## Published for every frame

Under `~/`, or with several cameras under `~/front/`, `~/rear/`.

{outputs}

All are reliable with depth {depth}. Their header is the frame's, bit for bit: match labels with frames, depths or poses
by the exact stamp. The label goes out before the others. Images have no padding: step is the width times the bytes of a
pixel.

Labels, and what is beside them, are of the frame's size unless `output_height` and `output_width` say otherwise. The
calibrations on `camera_info` are for the size of their labels: focal lengths, principal point and region of interest
are scaled, and where the camera bins pixels or sends a region of interest, they describe the label as it is. One that
cannot hold, with numbers that are not finite or of no size, is not published, with a warning.

A pixel has the label 255 and the confidence 0 where its class is less probable than `confidence_threshold`, is one of
`filter_classes`, or lies under the `ignore_mask`. 255 is never the id of a class.

## Published when the classes change

| topic | type | what it is |
| --- | --- | --- |
| `~/legend` | std_msgs/String | The classes as JSON. |
| `~/label_info` | vision_msgs/LabelInfo | Ids and names, where vision_msgs is installed. |

They are reliable and transient local: whoever comes later gets them too, from when the node is configured on, and those
of a new model come before its first label. With several cameras they are beside each one's labels as well. Ids are
those in the labels, whatever `label_ids` is, and filtered classes keep theirs. A legend with one of its classes:

```json
{legend}
```

## Who comes late

A latched message and the first image can overtake each other on their way to a new subscriber, and a costmap layer that
gets a label before the classes has nothing to read it with. So when `~/label`, `~/nav/label` or `~/label/compressed`
gains a subscriber, labels on that topic pause for `label_info_lead_ms`, by default a quarter of a second, while the
classes are sent once more to who subscribes to them. On a machine so busy that they are not acknowledged by then, the
pause is up to eight times as long. Labels that it holds back are counted in the diagnostics. Where the costmap is
started with the node, activate `sfnet` after it: then nothing has to pause.

Of 102 processes that joined a running node, some at a load of eight for each core and some four at once, all had the
classes first. Whom the middleware connects to the labels alone within that time gets them without the classes.

Every topic's quality of service can be overridden, see [parameters](parameters.md#quality-of-service).

## Frames that cannot be used

A frame whose encoding is unknown, whose size, step and data disagree, or whose JPEG or PNG is damaged is dropped with a
warning (at most one in five seconds) and counted, and the next good frame is served. The counts are logged when the
node stops. A frame on which the model itself fails is treated likewise; after ten in a row the node gives up: it ends
with exit code 1, or goes back to unconfigured where `autostart` is off.
"""


def topics_page() -> str:
    """Describe the topics."""
    header = ('topic', 'type', 'encoding', 'what it is', 'published')
    rows = [
        (
            f'`~/{output.name}`',
            f'sensor_msgs/{output.message_type.__name__}',
            output.encoding,
            output.description,
            'always' if output.always else 'when subscribed',
        )
        for output in OUTPUTS
    ]
    return _PAGE.format(outputs=table(header, rows), depth=DEPTH, legend=_example_of_a_legend())


def _example_of_a_legend() -> str:
    legend = json.loads(legend_text('df1_camvid', LabelSpace.load('camvid'), NodeParameters()))
    road = next(item for item in legend['classes'] if item['name'] == 'Road')
    fields = {**legend, 'classes': [road]}
    return '{\n' + ',\n'.join(f'  {json.dumps(key)}: {json.dumps(value)}' for key, value in fields.items()) + '\n}'
