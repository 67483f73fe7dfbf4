"""What the library logs is what the node says."""

from __future__ import annotations

import logging
import queue

from rcl_interfaces.msg import Log

from sfnet_ros.ros.library_log import LibraryLog

from .bench import DEADLINE_S, Bench

LOGGER = logging.getLogger('sfnet_ros.runtime.of_a_test')
SEVERITIES = {20: Log.INFO, 30: Log.WARN, 40: Log.ERROR, 50: Log.FATAL}


def heard(logs: queue.SimpleQueue[Log], name: str) -> tuple[int, str]:
    while True:
        log = logs.get(timeout=DEADLINE_S)
        if log.name == name:
            level = log.level if isinstance(log.level, int) else log.level[0]
            return level, log.msg


def test_each_severity_is_said_as_it_is_and_details_are_not(bench: Bench) -> None:
    logs, node = bench.logs(), bench.join('speaker')
    handler = LibraryLog(node.get_logger())
    try:
        LOGGER.debug('a detail')
        for level in (*SEVERITIES, *SEVERITIES):
            LOGGER.log(level, 'said at %d', level)
        LOGGER.log(35, 'in between')
    finally:
        handler.close()
    expected = [(_number(SEVERITIES[level]), f'said at {level}') for level in (*SEVERITIES, *SEVERITIES)]
    assert [heard(logs, 'speaker') for _ in expected] == expected
    assert heard(logs, 'speaker') == (_number(Log.WARN), 'in between')


def test_nothing_is_said_once_it_is_closed_nor_what_others_log(bench: Bench) -> None:
    logs, node = bench.logs(), bench.join('speaker')
    handler = LibraryLog(node.get_logger())
    logging.getLogger('torch').warning('of another library')
    LOGGER.info('half of a pair \ud800 is no text')
    handler.close()
    LOGGER.warning('after the end')
    node.get_logger().info('last')
    assert heard(logs, 'speaker')[1] == 'half of a pair ? is no text'
    assert heard(logs, 'speaker')[1] == 'last'


def test_a_node_says_it_while_it_lives(bench: Bench) -> None:
    logs = bench.logs()
    bench.start()
    LOGGER.info('told by the library')
    while heard(logs, 'sfnet')[1] != 'told by the library':
        pass


def _number(severity: int | bytes) -> int:
    return severity if isinstance(severity, int) else severity[0]
