"""Make one bag of several that follow on each other, without writing their messages again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sfnet_ros.files import atomic_path

_TOP = 'rosbag2_bagfile_information'


def join_parts(parts: Sequence[Path], folder: Path) -> None:
    """Move the files of bags of one file each into a new bag, whose metadata.yaml tells of all of them.

    Args:
        parts: Bags with metadata.yaml of one version, in order; their folders remain, without their files.
        folder: The new bag.
    """
    described = [yaml.safe_load((part / 'metadata.yaml').read_text(encoding='utf-8'))[_TOP] for part in parts]
    folder.mkdir(parents=True)
    for part, metadata in zip(parts, described, strict=True):
        for name in metadata['relative_file_paths']:
            (part / name).rename(folder / name)
    with atomic_path(folder / 'metadata.yaml') as path:
        path.write_text(yaml.safe_dump({_TOP: join_metadata(described)}), encoding='utf-8')


def join_metadata(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the metadata of a bag whose files are those of other bags; notes and kinds are those of the first."""
    files = [file for part in parts for file in part['files']]
    starts = [file['starting_time']['nanoseconds_since_epoch'] for file in files]
    ends = [start + file['duration']['nanoseconds'] for start, file in zip(starts, files, strict=True)]
    topics: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in (entry for part in parts for entry in part['topics_with_message_count']):
        key = entry['topic_metadata']['name'], entry['topic_metadata']['type']
        count = entry['message_count'] + topics.get(key, {'message_count': 0})['message_count']
        topics[key] = {'topic_metadata': entry['topic_metadata'], 'message_count': count}
    return {
        **parts[0],
        'relative_file_paths': [name for part in parts for name in part['relative_file_paths']],
        'starting_time': {'nanoseconds_since_epoch': min(starts)},
        'duration': {'nanoseconds': max(ends) - min(starts)},
        'message_count': sum(part['message_count'] for part in parts),
        'topics_with_message_count': list(topics.values()),
        'files': files,
    }
