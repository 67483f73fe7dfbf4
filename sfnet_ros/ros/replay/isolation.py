"""Keep the graph of a replay to itself: a ROS domain of its own, on this host only."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Above 101 the ports of DDS meet those that Linux hands out; below 40 are the domains that people choose.
_DOMAINS = range(40, 102)

# Where a graph reaches beyond this host, whatever its domain.
_REACHING_OUT = (
    'CYCLONEDDS_URI',
    'FASTDDS_BUILTIN_TRANSPORTS',
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'ROS_DISCOVERY_SERVER',
    'ROS_LOCALHOST_ONLY',
    'ROS_SECURITY_ENABLE',
    'ROS_STATIC_PEERS',
    'ROS_SUPER_CLIENT',
)
_REACHING_OUT_PREFIX = 'ZENOH_'


@contextmanager
def own_domain() -> Iterator[int]:
    """Claim a ROS domain that nobody on this host is in, for as long as the block lasts.

    Raises:
        OSError: All domains are taken.
    """
    for domain in random.sample(_DOMAINS, len(_DOMAINS)):
        # A name in the abstract namespace is gone with its process, however that ends.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
            try:
                claim.bind(f'\0sfnet_ros/domain/{domain}')
            except OSError:
                continue
            if _is_silent(domain) and str(domain) != os.environ.get('ROS_DOMAIN_ID'):
                yield domain
                return
    raise OSError(
        f'the ROS domains {_DOMAINS[0]} to {_DOMAINS[-1]} are all in use on this machine: end some of the ROS '
        'programs that run on it'
    )


def isolated_environment(domain: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a process that sees nothing but its domain on this host.

    Args:
        domain: Its ROS domain.
        environment: The environment to start from.
    """
    kept = {
        name: text
        for name, text in environment.items()
        if name not in _REACHING_OUT and not name.startswith(_REACHING_OUT_PREFIX)
    }
    kept |= {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        # Plain text on stderr, as what a child says last is the sentence that a failed replay ends with.
        'RCUTILS_COLORIZED_OUTPUT': '0',
        'RCUTILS_CONSOLE_OUTPUT_FORMAT': '[{severity}] {message}',
        'RCUTILS_LOGGING_USE_STDOUT': '0',
    }
    if environment.get('ROS_DISTRO') == 'humble':
        # Humble knows no discovery range, and later ones warn of this variable.
        kept['ROS_LOCALHOST_ONLY'] = '1'
    return kept


def _is_silent(domain: int) -> bool:
    """Tell whether no process of this host has the ports that every first participant of a domain takes."""
    first_port = 7400 + 250 * domain
    for port in (first_port, first_port + 10):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', port))
            except OSError:
                return False
    return True
