"""Options for what lies where in a recording."""

from __future__ import annotations

import argparse


def add_topic_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the topics of frames and ground truth, which a recording mostly tells by itself."""
    parser.add_argument('--topic', help='topic of the frames (default: the only one that a bag has)')
    parser.add_argument(
        '--truth',
        metavar='TOPIC',
        help='topic of the ground truth (default: the labels of a bag that `sfnet bag make` wrote)',
    )
