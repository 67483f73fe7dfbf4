"""What RViz and Foxglove are told to show is published by our nodes."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).parents[2]
OF_OTHERS = {'image', 'image/compressed', 'camera/image_raw', 'diagnostics', 'rosout'}


def documented(name: str) -> bool:
    """Look a topic up in the pages that are generated from the code."""
    node, _, topic = name.partition('/')
    page = CHECKOUT / 'docs' / {'sfnet': 'topics.md', 'semantic_cloud': 'semantic_cloud.md'}[node]
    return f'`~/{topic}`' in page.read_text()


def test_rviz_shows_topics_that_there_are() -> None:
    shown = yaml.safe_load((CHECKOUT / 'config/rviz/sfnet.rviz').read_text())
    displays = shown['Visualization Manager']['Displays']
    topics = {display['Topic']['Value'] for display in displays if 'Topic' in display}
    # Relative, so that namespace and remaps of RViz hold.
    assert not [topic for topic in topics if topic.startswith('/')]
    assert {'image', 'sfnet/overlay', 'semantic_cloud/points'} <= topics
    assert [topic for topic in topics - OF_OTHERS if not documented(topic)] == []


def test_foxglove_shows_topics_that_there_are() -> None:
    panels = json.loads((CHECKOUT / 'config/foxglove/sfnet.json').read_text())
    topics = {
        topic.removeprefix('/')
        for panel in panels['configById'].values()
        for topic in (
            *panel.get('topics', ()),
            *(panel[key] for key in ('topicToRender',) if key in panel),
            *panel.get('imageMode', {}).values(),
        )
    }
    assert {'sfnet/overlay/compressed', 'semantic_cloud/points', 'diagnostics'} <= topics
    assert [topic for topic in topics - OF_OTHERS if not documented(topic)] == []


def test_every_foxglove_panel_has_its_place() -> None:
    layout = json.loads((CHECKOUT / 'config/foxglove/sfnet.json').read_text())
    assert sorted(placed(layout['layout'])) == sorted(layout['configById'])


def placed(part: dict[str, object] | str) -> list[str]:
    return [part] if isinstance(part, str) else [name for side in ('first', 'second') for name in placed(part[side])]
