"""What a replay comes to: numbers for programs, a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sfnet_ros.bags.report.document import document, latency_ms
from sfnet_ros.bags.report.page import section, write_page
from sfnet_ros.bags.report.table import table
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.source import Source
from sfnet_ros.files import write_json
from sfnet_ros.pages import Markup, tag
from sfnet_ros.ros.replay.live import Live

JSON, PAGE = 'report.json', 'report.html'


@dataclass(frozen=True)
class ReplayReport:
    """Hold what a replay came to.

    Args:
        source: The recording.
        run: What the labels are worth, as in an evaluation of the model; its latencies are from publishing a frame to
            the arrival of its label.
        live: What only the live node shows.
    """

    source: Source
    run: Run
    live: Live

    @property
    def warnings(self) -> list[str]:
        """Say what was odd, of the recording or of the node."""
        return [*self.run.scores.warnings, *self.live.warnings]

    def document(self) -> dict[str, Any]:
        """Give what is written as JSON: that of an evaluation, and the fields of `Live`."""
        evaluated = document([self.source], [self.run])
        live = asdict(self.live)
        return {**evaluated, **live, 'warnings': [*evaluated['warnings'], *live['warnings']]}

    def write(self, folder: Path) -> None:
        """Write it as `JSON` and, for people, as `PAGE` in a folder."""
        self.write_json(folder / JSON)
        latency = 'What each label took, from publishing its frame to its arrival.'
        write_page(folder / PAGE, [self.source], [self.run], [self._section()], latency)

    def write_json(self, path: Path) -> None:
        """Write it as JSON.

        Raises:
            OSError: It cannot be written.
        """
        write_json(path, self.document())

    def _section(self) -> Markup:
        live = self.live
        facts = {
            'mode': live.mode + (f', {live.loops} loops' if live.loops > 1 else ''),
            'frames': f'{live.frames} sent, {live.processed} processed, {live.dropped} dropped, '
            f'{live.unread_frames} unreadable',
            'latency, publish to label': ', '.join(_spread(latency_ms(self.run))),
            'age, stamp to label': ', '.join(_spread(live.age_ms)),
            'model alone': f'{live.model_ms:.1f} ms p50',
            'stamps': f'{live.stamps["repeated"]} repeated, {live.stamps["decreasing"]} decreasing; '
            f'{live.stamps["matched"]} labels carry that of their frame',
            **{f'rate of {topic}': '-' if rate is None else f'{rate:.1f} Hz' for topic, rate in live.rates_hz.items()},
        }
        rows = [tag('tr', tag('th', name), tag('td', value)) for name, value in facts.items()]
        warnings = [tag('p', warning, class_='warning') for warning in live.warnings]
        text = 'What only the live node shows: frames went to it over DDS, and labels came back the same way.'
        return section('Replay', text, tag('div', tag('table', *rows), class_='wide'), *warnings)

    def table(self) -> str:
        """Write it as lines of text."""
        live = self.live
        unread = f'   {live.unread_frames} unreadable' if live.unread_frames else ''
        fps = '-' if live.fps is None else f'{live.fps:.1f}'
        lines = [
            f'{self.source.path} {self.source.topic} through {self.run.name}',
            '',
            f'frames    {live.frames} sent   {live.processed} processed   {live.dropped} dropped{unread}',
            '   '.join(['latency', *_spread(latency_ms(self.run)), 'publish to label']),
            '   '.join(['age    ', *_spread(live.age_ms), 'stamp to label']),
            f'model     {live.model_ms:.1f} ms p50   (alone, after the replay)',
            f'rate      {fps} labels per second',
            '',
        ]
        return '\n'.join([*lines, table([self.run])])


def _spread(values_ms: Mapping[str, float | None]) -> list[str]:
    return [f'{values_ms[name]:.1f} ms {name}' for name in ('p50', 'p95', 'max')]
