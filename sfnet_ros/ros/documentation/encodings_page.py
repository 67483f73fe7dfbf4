"""The page of the encodings that are read."""

from __future__ import annotations

from sfnet_ros.ros.documentation.table import table
from sfnet_ros.runtime.encodings import ENCODINGS

_PAGE = """\
# Encodings of images

What `image` may carry with `image_transport: raw`, in the field `encoding` of sensor_msgs/Image; the bags and commands
of this package read the same. The network sees RGB of 8 bits.

{table}

*Bytes a pixel* are those of a row of data, of which `step` may hold more. The planes of colour of `nv12` and `nv21`
make half as many rows again as the picture has, and that of `nv24` twice as many, so that the data is 1.5 and 3 times
`step` x `height`. Words of 16 bits are read in the order that `is_bigendian` says, and 65535 becomes 255. YUV is that
of BT.601, in which black is 16 and white 235.

*Hand-made pixels* are frames whose colours are known, with and without padding and in both orders of bytes;
*rosbags-image* is another decoder of such messages, which reads random data alike. Each encoding goes through the node
over real DDS too, with padding, from a camera that changes from one to the next.

What holds no picture is refused with a sentence, and counted: two channels (`8UC2`, `8SC2`, `16UC2`), depth and other
measurements (`16SC<n>`, `32SC<n>`, `32FC<n>`, `64FC<n>`), an odd width where two pixels share their colour, a mosaic of
fewer than 3 rows or columns.

With `image_transport: compressed`, JPEG and PNG are read, told by their first bytes whatever `format` says; grey, 16
bit and transparent ones become RGB too, and the orientation that a JPEG may carry is left alone, as the camera's
calibration holds for the pixels as they are.
"""


def encodings_page() -> str:
    """Describe the encodings."""
    header = ('encoding', 'bytes a pixel', 'what it is', 'tested with')
    rows = [(f'`{name}`', str(item.pixel_bytes), item.description, item.tested) for name, item in ENCODINGS.items()]
    return _PAGE.format(table=table(header, rows))
