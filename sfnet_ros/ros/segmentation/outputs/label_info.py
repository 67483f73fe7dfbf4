"""The classes as a vision_msgs/LabelInfo, where ROS has vision_msgs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from std_msgs.msg import Header


def label_info_type() -> type[Any] | None:
    """Give the type of LabelInfo; None where vision_msgs is not installed, or is older than it."""
    try:
        from vision_msgs.msg import LabelInfo
    except ImportError:
        return None
    label_info: type[Any] = LabelInfo
    return label_info


def label_info_message(header: Header, names: Mapping[int, str], confidence_threshold: float) -> Any:
    """Build a LabelInfo.

    Args:
        header: Says when the classes came to be so.
        names: Name of every class by its published id.
        confidence_threshold: Less probable pixels are unlabelled.
    """
    from vision_msgs.msg import LabelInfo, VisionClass

    classes = [VisionClass(class_id=class_id, class_name=name) for class_id, name in names.items()]
    return LabelInfo(header=header, class_map=classes, threshold=confidence_threshold)
