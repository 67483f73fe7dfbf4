"""Read metadata.yaml as far as it is of use: the files themselves know better what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Final

import yaml
from rosbags.interfaces import Connection, ConnectionExtRosbag2

from sfnet_ros.bags.storage.base import Qos, offered_qos
from sfnet_ros.bags.tally import Tally

NAME = 'metadata.yaml'

# Of the metadata within a file, in bytes: that of a robot with hundreds of topics is half of this.
MOST_BYTES: Final = 2**19

_DAMAGE = (AttributeError, LookupError, RecursionError, TypeError, ValueError, yaml.YAMLError)


@dataclass(frozen=True)
class Metadata:
    """Hold what metadata.yaml says.

    Args:
        files: Names of the recording's files, in order.
        notes: What the writer noted (custom_data).
        topics: Digest of the type and quality of service, by topic and type.
    """

    files: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    topics: dict[tuple[str, str], tuple[str, list[Qos]]] = field(default_factory=dict)

    def complete(self, connection: Connection) -> Connection:
        """Add what the files of some writers do not tell of a topic."""
        digest, profiles = self.topics.get((connection.topic, connection.msgtype), ('', []))
        extra = connection.ext
        if isinstance(extra, ConnectionExtRosbag2):
            extra = extra._replace(offered_qos_profiles=extra.offered_qos_profiles or profiles)
        return connection._replace(digest=connection.digest or digest, ext=extra)


def read_metadata(folder: Path, tally: Tally) -> Metadata:
    """Read a folder's metadata.yaml; what is not there or no such thing is told, and is nothing."""
    try:
        document = yaml.safe_load((folder / NAME).read_text(encoding='utf-8'))
        told = document['rosbag2_bagfile_information']
        # Older versions noted the folder too, and a bag may have been renamed since.
        files = [PurePath(name).name for name in told['relative_file_paths']]
        topics = dict(_topic(entry['topic_metadata']) for entry in told.get('topics_with_message_count', ()))
        return Metadata(files, _notes(told), topics)
    except FileNotFoundError:
        tally.add(f'folders without {NAME}, read without it', folder.name)
    except _DAMAGE as error:
        tally.add(f'damaged {NAME}, passed over', f'{type(error).__name__}: {error}'[:200])
    return Metadata()


def noted_in_file(text: str) -> dict[str, str]:
    """Give the notes of the metadata that rosbag2 writes into a file too; of what is no such thing there are none."""
    try:
        return _notes(yaml.safe_load(text))
    except _DAMAGE:
        return {}


def _notes(told: dict[str, Any]) -> dict[str, str]:
    custom = told.get('custom_data') or {}
    # Scalars alone: what refers to itself over and over again is short in the file, and endless as text.
    return {str(key): str(note) for key, note in custom.items() if isinstance(note, (str, int, float))}


def _topic(entry: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, list[Qos]]]:
    name, kind = str(entry['name']), str(entry['type'])
    return (name, kind), (
        str(entry.get('type_description_hash') or ''),
        offered_qos(entry.get('offered_qos_profiles', '')),
    )
