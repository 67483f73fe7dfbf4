"""Write the pages of ``docs`` that tell what the code says: ``python -m sfnet_ros.ros.documentation docs``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from sfnet_ros.files import atomic_path
from sfnet_ros.ros.outputs import DEPTH, OUTPUTS
from sfnet_ros.ros.parameters import NodeParameters
from sfnet_ros.runtime.encodings import ENCODINGS

_PARAMETERS = """\
# Parameters of `segmentation_node`

Set them in a file (`config/segment.yaml` has them all), on the command line, or as arguments of `segment.launch.py`:

```
ros2 run sfnet_ros segmentation_node --ros-args --params-file my.yaml -p device:=cpu
```

A file is keyed `/**:`, as one that is keyed with a node's name is silently ignored when the node runs in a namespace.
A value that is not accepted ends the start with exit code 1 and one sentence.

{table}

*Changes* says when `ros2 param set` is accepted; otherwise it is refused with a sentence. What *loads in the
background* leaves the node serving frames as before until the new model is warm; where that cannot be loaded, the
parameter returns. For what changes *while unconfigured*: `ros2 lifecycle set /sfnet deactivate`, then `cleanup`, set
the parameter, `configure`, `activate`.

## Quality of service

Every topic's history, depth and reliability can be overridden at start, under its resolved name:

```yaml
/**:
  ros__parameters:
    qos_overrides:
      /camera/image_raw:
        subscription:
          reliability: reliable
      /sfnet/label:
        publisher:
          depth: 1
```

## From every ROS node

`use_sim_time` is accepted, but nothing depends on it: frames keep the stamps that they came with, and what the node
waits for is timed by the steady clock, so that a paused simulation does no harm.
"""

_TOPICS = """\
# Topics of `segmentation_node`

The node is called `sfnet`, so that `~/label` is `/sfnet/label`, and `/robot/sfnet/label` in the namespace `robot`.

## Subscribed

| topic | type | quality of service |
| --- | --- | --- |
| `image` with `image_transport: raw` | sensor_msgs/Image | best effort, depth 1 |
| `image` + `/compressed` with `image_transport: compressed` | sensor_msgs/CompressedImage | best effort, depth 1 |

Remap `image` to the camera (`-r image:=/camera/image_raw`); the compressed topic follows:
`/camera/image_raw/compressed`. A frame that comes while another is worked on waits, and a newer one takes its place, so
that labels are never older than need be.

## Published

| topic | encoding | what it is | published |
| --- | --- | --- | --- |
{outputs}

All are sensor_msgs/Image at the size of the frame without padding (step is the width times the channels), reliable,
depth {depth}. The header is the frame's, bit for bit: match labels with frames, depths or poses by the exact stamp.
The label goes out before the others.

Every topic's quality of service can be overridden, see [parameters](parameters.md#quality-of-service).

## Frames that cannot be used

A frame whose encoding is unknown, whose size, step and data disagree, or whose JPEG or PNG is damaged is dropped with a
warning (at most one in five seconds) and counted, and the next good frame is served. The counts are logged when the
node stops. A frame on which the model itself fails is treated likewise; after ten in a row the node gives up: it ends
with exit code 1, or goes back to unconfigured where `autostart` is off.
"""


_ENCODINGS = """\
# Encodings of images

What `image` may carry with `image_transport: raw`, in the field `encoding` of sensor_msgs/Image; the bags and commands
of this package read the same. The network sees RGB of 8 bits.

{table}

*Bytes a pixel* are those of a row of data, of which `step` may hold more. The planes of colour of `nv12` and `nv21`
make half as many rows again as the picture has, and that of `nv24` twice as many, so that the data is 1.5 and 3 times
`step` x `height`. Words of 16 bits are read in the order that `is_bigendian` says, and 65535 becomes 255. YUV is that
of BT.601, in which black is 16 and white 235.

*Hand-made pixels* are frames whose colours are known, with and without padding and in both orders of bytes;
*rosbags-image* is another decoder of such messages, which reads random data alike.

What holds no picture is refused with a sentence, and counted: two channels (`8UC2`, `8SC2`, `16UC2`), depth and other
measurements (`16SC<n>`, `32SC<n>`, `32FC<n>`, `64FC<n>`), an odd width where two pixels share their colour, a mosaic of
fewer than 3 rows or columns.

With `image_transport: compressed`, JPEG and PNG are read, told by their first bytes whatever `format` says; grey, 16
bit and transparent ones become RGB too, and the orientation that a JPEG may carry is left alone, as the camera's
calibration holds for the pixels as they are.
"""


def parameters_page() -> str:
    """Describe the parameters."""
    rows = []
    for item in fields(NodeParameters):
        rules = item.metadata['rules']
        kind = 'list of str' if isinstance(item.default, tuple) else type(item.default).__name__
        accepted = rules.accepted or kind
        rows.append((f'`{item.name}`', kind, _value(item.default), accepted, rules.changes.value, rules.description))
    header = ('parameter', 'type', 'default', 'accepted', 'changes', 'what it is')
    return _PARAMETERS.format(table=_table([header, ('---',) * len(header), *rows]))


def topics_page() -> str:
    """Describe the topics."""
    rows = [
        (f'`~/{output.name}`', output.encoding, output.description, 'when subscribed' if index else 'always')
        for index, output in enumerate(OUTPUTS)
    ]
    return _TOPICS.format(outputs=_table(rows), depth=DEPTH)


def encodings_page() -> str:
    """Describe the encodings."""
    header = ('encoding', 'bytes a pixel', 'what it is', 'tested with')
    rows = [(f'`{name}`', str(item.pixel_bytes), item.description, item.tested) for name, item in ENCODINGS.items()]
    return _ENCODINGS.format(table=_table([header, ('---',) * len(header), *rows]))


PAGES = {'parameters.md': parameters_page, 'topics.md': topics_page, 'encodings.md': encodings_page}


def write_pages(folder: Path) -> None:
    """Write all pages into a folder."""
    for name, page in PAGES.items():
        with atomic_path(folder / name) as temporary:
            temporary.write_text(page(), encoding='utf-8')


def _value(default: object) -> str:
    # A tuple is a list to JSON, as it is to ROS.
    return f'`{json.dumps(default)}`'


def _table(rows: Iterable[Sequence[str]]) -> str:
    return '\n'.join(f'| {" | ".join(cell.replace("|", "&#124;") for cell in row)} |' for row in rows)


if __name__ == '__main__':
    write_pages(Path(sys.argv[1]))
