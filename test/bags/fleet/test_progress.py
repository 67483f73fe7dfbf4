import io
import logging
import sys

import pytest

from sfnet_ros.cli.bag.fleet import fleet_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_says_bags_frames_and_frames_a_second_below_what_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    logger = logging.getLogger('sfnet_ros.test_of_a_bar')
    console = logging.StreamHandler()
    logging.getLogger().addHandler(console)
    try:
        with fleet_progress('label', 200, 3) as progress:
            progress.kept(100)
            logger.warning('a file is damaged')
            progress.done(50)
            progress.finished()
    finally:
        logging.getLogger().removeHandler(console)
    shown = [part for line in terminal.getvalue().split('\n') for part in line.split('\r')]
    assert 'a file is damaged' in shown
    last = [part for part in shown if part.strip()][-1]
    assert last.startswith('label:  75%|')
    assert '150/200 [' in last
    assert last.rstrip().endswith(' frames/s, 1 of 3 bags]')
