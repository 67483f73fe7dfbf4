"""The page of the node's diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sfnet_ros.ros.documentation.table import table
from sfnet_ros.ros.segmentation.health.statuses import CAMERA_VALUES, NODE_VALUES, Values
from sfnet_ros.ros.segmentation.health.vitals import WINDOW_S

_PAGE = """\
# Diagnostics of `segmentation_node`

The node tells how it is once a second on `/diagnostics` (diagnostic_msgs/DiagnosticArray), in every state of its
lifecycle, while it loads a model, and while a simulation is paused. It has one status, and every camera has one:
`sfnet: node`, `sfnet: camera` or `sfnet: camera front`, with the namespace before them (`robot/sfnet: node`).

## Levels

| level | of | when |
| --- | --- | --- |
| ERROR | the node | It has no model, as none could be loaded or the node gave up: the message says why. |
| WARN | the node | Another model could not be loaded, or the node not activated, until either succeeds. |
| ERROR | a camera | The model failed on the newest frame. |
| WARN | a camera | No frame has come for `silence_s`. |
| WARN | a camera | On arrival half of the stamps are older than `stale_s`, or that far ahead of the clock. |
| WARN | a camera | More than `max_drop_rate` of the frames were dropped for newer ones. |
| WARN | a camera | A frame was malformed. |
| WARN | a camera | Labels miss `target_latency_ms` at the smallest size of the network. |
| OK | a camera | `inactive`, `disabled` (by `~/enable`) or `nobody listens` (where `lazy`): no frames are wanted. |
| OK | both | All else. |

Rates, shares and latencies are those of the last {window_s:g} seconds.

## Values of the node

{node}

## Values of a camera

{camera}

## A target for the latency

With `target_latency_ms` the node keeps the 95th percentile of the total latency under the target: it steps down a
ladder of ever smaller sizes of the network, each about 0.8 of the last in side, as soon as more than one frame in
twenty takes longer than nine tenths of the target, and by several sizes where frames take much longer. It steps up
after some seconds in which the next larger size would have taken less than eight tenths; one that does not last is
tried again after twice the time. The sizes are made warm when the model is loaded, so that a step costs no frame.
`rung` tells where it is. Time that no size saves, such as that of decoding, sets a limit to what can be reached: where
the smallest size misses the target, the diagnostics warn.

`make latency-target` shows it on the machine it runs on: a recording is played to the node at its fixed size and with a
target, while another process takes the CPU.

## Shared memory

Large images go from process to process through `/dev/shm`. A container has 64 MB of it by default, less than one
process wants for them (72 MB). The node then takes 16 MB, which frames up to 1080p fit into, or where there is not even
that much sends them as Fast DDS does by default, which loses many. Start-up says so in one sentence; start the
container with `--shm-size=1g` or `--ipc=host`.
"""


def diagnostics_page() -> str:
    """Describe the diagnostics."""
    return _PAGE.format(window_s=WINDOW_S, node=_values(NODE_VALUES), camera=_values(CAMERA_VALUES))


def _values(described: Iterable[Values[Any]]) -> str:
    rows = [(', '.join(f'`{key}`' for key in item.keys), item.description) for item in described]
    return table(('key', 'what it is'), rows)
