"""The page of the node's parameters."""

from __future__ import annotations

import json
from dataclasses import fields

from sfnet_ros.ros.documentation.table import table
from sfnet_ros.ros.parameter_fields import ParameterSet
from sfnet_ros.ros.segmentation.parameters import NodeParameters

_PAGE = """\
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

`use_sim_time` is accepted, but only the age of frames in the diagnostics depends on it: frames keep the stamps that
they came with, and what the node waits for is timed by the steady clock, so that a paused simulation, or a clock that
jumps back as a bag begins anew, does no harm.
"""


def parameters_page() -> str:
    """Describe the parameters."""
    return _PAGE.format(table=parameter_table(NodeParameters))


def parameter_table(parameter_set: type[ParameterSet]) -> str:
    """Describe the parameters of a node in a table."""
    rows = []
    for item in fields(parameter_set):
        rules = item.metadata['rules']
        kind = 'list of str' if isinstance(item.default, tuple) else type(item.default).__name__
        accepted = rules.accepted or kind
        rows.append((f'`{item.name}`', kind, _value(item.default), accepted, rules.changes.value, rules.description))
    header = ('parameter', 'type', 'default', 'accepted', 'changes', 'what it is')
    return table(header, rows)


def _value(default: object) -> str:
    # A tuple is a list to JSON, as it is to ROS.
    return f'`{json.dumps(default)}`'
