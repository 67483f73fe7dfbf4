"""Read metadata.yaml as far as it is of use: the files themselves know better what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import yaml
from rosbags.interfaces import Connection, ConnectionExtRosbag2

from sfnet_ros.bags.storage.base import Qos, offered_qos
from sfnet_ros.bags.tally import Tally

NAME = 'metadata.yaml'


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
        custom = told.get('custom_data') or {}
        topics = dict(_topic(entry['topic_metadata']) for entry in told.get('topics_with_message_count', ()))
        return Metadata(files, {str(key): str(text) for key, text in custom.items()}, topics)
    except FileNotFoundError:
        tally.add(f'folders without {NAME}, read without it', folder.name)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, yaml.YAMLError) as error:
        tally.add(f'damaged {NAME}, passed over', f'{type(error).__name__}: {error}'[:200])
    return Metadata()


def _topic(entry: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, list[Qos]]]:
    name, kind = str(entry['name']), str(entry['type'])
    return (name, kind), (
        str(entry.get('type_description_hash') or ''),
        offered_qos(entry.get('offered_qos_profiles', '')),
    )
