"""Real frames that a command runs on: a few of a recording, or of a folder of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.pictures import find_pictures, read_picture
from sfnet_ros.share import share_folders

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of this project: a drive of CamVid, in a checkout alone.
SAMPLE_CLIP = Path('test/data/camvid_0016E5')


def find_sample_clip() -> Path:
    """Find the sample clip.

    Raises:
        ValueError: There is none, as this is no checkout.
    """
    for folder in share_folders():
        if (folder / SAMPLE_CLIP).is_dir():
            return folder / SAMPLE_CLIP
    raise ValueError(
        f'{SAMPLE_CLIP} lies in a checkout of this project alone, and this is none; '
        'give frames of your own with --frames, a folder of pictures or a bag'
    )


def read_frames(source: Path, count: int) -> list[NDArray[np.uint8]]:
    """Read ``count`` frames ``(H, W, 3)``, spread evenly over a folder of pictures or a bag, or fewer if it has fewer.

    Raises:
        FileNotFoundError: There is nothing of that name.
        ValueError: It has no frames, or such as cannot be read.
    """
    is_bag = source.suffix in ('.mcap', '.db3') or (source / 'metadata.yaml').is_file()
    return _of_bag(source, count) if is_bag else _of_pictures(find_pictures([source]), count)


def _of_pictures(paths: Sequence[Path], count: int) -> list[NDArray[np.uint8]]:
    frames = []
    for path in (paths[index] for index in spread(len(paths), count)):
        rgb = read_picture(path)
        if rgb is None:
            raise ValueError(f'picture {path} cannot be read; leave it out, or name a folder of other pictures')
        frames.append(rgb)
    return frames


def _of_bag(path: Path, count: int) -> list[NDArray[np.uint8]]:
    from sfnet_ros.bags.read import Bag
    from sfnet_ros.bags.topics import choose_image_topic, choose_truth_topic
    from sfnet_ros.runtime import to_rgb

    with Bag(path) as bag:
        topic = choose_image_topic(bag, None, choose_truth_topic(bag, None))
        chosen = set(spread(bag.count(topic), count))
        if not chosen:
            raise ValueError(f'bag {path} has no frame on {topic}; name another one')
        return [to_rgb(entry.message) for index, entry in enumerate(bag.messages(topic)) if index in chosen]


def spread(total: int, count: int) -> list[int]:
    """Spread ``count`` different indices over ``total``; all of them where there are fewer."""
    taken = min(total, count)
    return [index * total // taken for index in range(taken)]
