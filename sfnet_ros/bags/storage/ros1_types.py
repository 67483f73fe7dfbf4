"""Tell what the messages of ROS 1 are in ROS 2."""

from __future__ import annotations

from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

# Its sequence number is gone in ROS 2, which the conversion knows of.
_HEADER = 'std_msgs/msg/Header'
_UNTOLD = MessageDefinition(MessageDefinitionFormat.NONE, '')


class OtherTypeError(ValueError):
    """A type that ROS 2 has under the same name with other fields."""


class Ros1Types:
    """Convert messages whose types are the same in ROS 2, and those of types that ROS 2 does not come with."""

    def __init__(self) -> None:
        self._types = get_typestore(Stores.ROS2_HUMBLE)

    def learn(self, kind: str, text: str) -> MessageDefinition:
        """Learn of a type, and give its definition in ROS 2, none where ROS 2 comes with it.

        Args:
            kind: Its name, as ROS 2 writes it.
            text: Its definition, with those of all types within it.

        Raises:
            OtherTypeError: It, or one within it, has other fields in ROS 2.
            TypesysError: That is no definition.
            LookupError: Likewise, as it does not tell of a type within it.
        """
        known = self._types.fielddefs
        types = {name: parts for name, parts in get_types_from_msg(text, kind).items() if name != _HEADER}
        for name, (_, fields) in types.items():
            # By their kinds: the names differ in case.
            if name in known and [field for _, field in fields] != [field for _, field in known[name][1]]:
                raise OtherTypeError(f'{name} has other fields in ROS 2')
        if kind in known:
            return _UNTOLD
        self._types.register({name: parts for name, parts in types.items() if name not in known})
        return MessageDefinition(MessageDefinitionFormat.MSG, self._types.generate_msgdef(kind, ros_version=2)[0])

    def convert(self, data: bytes, kind: str) -> bytes:
        """Give a message of a type that was learnt as it goes over the wire in ROS 2 (CDR).

        Raises:
            SerdeError: It is none of that type.
        """
        return bytes(self._types.ros1_to_cdr(data, kind))
