"""An evaluation as one HTML page that needs nothing but itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sfnet_ros import pages
from sfnet_ros.bags.film import FILM_KIND, film_fps
from sfnet_ros.bags.report import charts, tables
from sfnet_ros.bags.report.document import WORST, worst_frames
from sfnet_ros.bags.report.pictures import frame_pictures
from sfnet_ros.bags.report.plot import run_color
from sfnet_ros.bags.report.style import STYLE
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.source import Source
from sfnet_ros.files import atomic_path
from sfnet_ros.pages import Markup, css_color, data_uri, join, tag

# What a latency is.
_FROM_FRAME = 'What each label took, from its decoded frame on.'


def write_page(
    path: Path,
    sources: Sequence[Source],
    runs: Sequence[Run],
    more: Sequence[Markup] = (),
    latency: str = _FROM_FRAME,
) -> None:
    """Write an evaluation as a page.

    Args:
        path: Ends in .html; what is there is replaced at once.
        sources: The recordings.
        runs: What models came to on them, at least one.
        more: Sections of others, which come after the summary; `section` makes one.
        latency: A sentence on what the latencies are.

    Raises:
        OSError: It cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(page(sources, runs, more, latency), encoding='utf-8')


def page(
    sources: Sequence[Source], runs: Sequence[Run], more: Sequence[Markup] = (), latency: str = _FROM_FRAME
) -> str:
    """Give what `write_page` writes."""
    names = ', '.join(source.path.name for source in sources)
    return pages.page(
        f'{names}: {runs[0].name}',
        tag('h1', names),
        *_introduction(sources),
        *_warnings(runs),
        *_sections(runs, more, latency),
        style=STYLE,
    )


def section(title: str, explanation: str, *content: str) -> Markup:
    """Write a section of the page."""
    return tag('section', tag('h2', title), tag('p', explanation, class_='quiet'), *content)


def _introduction(sources: Sequence[Source]) -> Iterator[Markup]:
    for source in sources:
        truth = f', ground truth on {source.truth_topic}' if source.truth_topic else ', no ground truth'
        yield tag('p', f'{source.path}: {source.frames} frames on {source.topic}{truth}', class_='quiet')


def _warnings(runs: Sequence[Run]) -> Iterator[Markup]:
    reasons = [f'{run.name} is not scored: {run.not_scored}' for run in runs if run.not_scored]
    refused = [f'not judged: {error}' for run in runs for error in run.refused.values()]
    said = [sentence for run in runs for sentence in (*run.scores.damage, *run.scores.warnings)]
    for sentence in dict.fromkeys([*refused, *reasons, *said]):
        yield tag('p', sentence, class_='warning')


def _sections(runs: Sequence[Run], more: Sequence[Markup], latency: str) -> Iterator[Markup]:
    scored = [run for run in runs if run.scores.scored]
    explanation = 'Differences are those to the first.' if len(runs) > 1 else 'Over all frames.'
    yield section('Summary', explanation, tables.summary(runs))
    yield from more
    yield _film(runs)
    if scored:
        yield from _against_the_truth(scored)
    yield _confidence(runs)
    yield _flicker(runs)
    yield _latency(runs, latency)
    yield _shares(runs)
    yield _worst(runs)


def _against_the_truth(runs: Sequence[Run]) -> Iterator[Markup]:
    yield section(
        'Classes',
        'IoU is intersection over union of true and predicted pixels over all frames; pixels without truth do not '
        'count. Boundary F tells how many boundary pixels lie within 0.75 % of the diagonal of one of the other map.',
        tables.by_class(runs),
        tag('h3', 'mIoU of each frame'),
        charts.over_time(runs, 'mIoU', lambda frame: frame.miou),
    )
    yield section(
        'Confusion',
        'Of the pixels of a true class (row), the percentage that was taken for each class (column).',
        _beside(runs, lambda run: charts.confusion(run.scores.confusion.matrix, run.label_space)),
    )


def _confidence(runs: Sequence[Run]) -> Markup:
    histogram = tag('div', tag('h3', 'How sure it is'), charts.confidences(runs))
    if not any(run.scores.scored for run in runs):
        text = 'How many pixels have which confidence. Whether it is to be believed, only ground truth tells.'
        return section('Confidence', text, histogram)
    diagram = tag('div', tag('h3', 'How right it is'), charts.reliability(runs))
    errors = ', '.join(f'{100 * run.scores.calibration.ece:.2f} %' for run in runs if run.scores.scored)
    text = (
        'On the diagonal, of the labels of a confidence as many are right as it says; below it the model is too sure. '
        f'Mean distance over all pixels (ECE): {errors}.'
    )
    return section('Calibration', text, tag('div', diagram, histogram, class_='pair'))


def _flicker(runs: Sequence[Run]) -> Markup:
    text = (
        'Share of the pixels that look the same as in the frame before, where optical flow says they were, and have '
        'another label nevertheless.'
    )
    floor = [run.scores.truth_flicker.share for run in runs]
    if math.isfinite(floor[0]):
        text += f' The ground truth itself, measured likewise, has {100 * floor[0]:.2f} %.'
    return section('Flicker', text, charts.over_time(runs, 'flicker', lambda frame: frame.flicker))


def _latency(runs: Sequence[Run], what: str) -> Markup:
    text = f'{what} The last bar holds all that took longer. Below, frame by frame.'
    over_time = charts.over_time(runs, 'latency', lambda frame: frame.latency_ms, lambda value: f'{value:g} ms')
    return section('Latency', text, charts.latencies(runs), over_time)


def _shares(runs: Sequence[Run]) -> Markup:
    text = 'Which part of the picture each class takes, frame by frame; the colours are those of the classes.'
    return section('Class shares', text, _beside(runs, charts.class_shares), *_legend(runs))


def _legend(runs: Sequence[Run]) -> Iterator[Markup]:
    items = []
    for item in dict.fromkeys(item for run in runs for item in run.label_space.classes):
        color = css_color(item.color)
        items.append(tag('span', tag('span', '', class_='swatch', style=f'background:{color}'), item.name))
    yield tag('p', *items, class_='legend')


def _film(runs: Sequence[Run]) -> Markup:
    every = runs[0].scores.album.sampling.film_every
    which = 'every frame' if every == 1 else f'one frame of {every}, as a time lapse'
    text = f'The labels laid over the frames: {which}, {film_fps(runs[0].scores):.3g} pictures a second.'
    return section('Video', text, _beside(runs, _video), *_legend(runs))


def _video(run: Run) -> Markup:
    attributes = {'controls': '', 'muted': '', 'loop': '', 'playsinline': ''}
    return tag('video', '', src=data_uri(FILM_KIND, run.film), **attributes)


def _worst(runs: Sequence[Run]) -> Markup:
    text = (
        f'Up to {WORST} frames, each the worst of its stretch of the recording: by mIoU where there is ground truth, '
        'by mean confidence elsewhere. In the error map red is wrong, light grey right and black not scored.'
    )
    return section('Worst frames', text, *_each(runs, _worst_of))


def _worst_of(run: Run) -> Markup:
    kept = run.scores.album.worst(WORST)
    rows = []
    for frame in worst_frames(run):
        value = (
            f'mean confidence {100 * frame.confidence:.1f} %'
            if math.isnan(frame.miou)
            else f'mIoU {100 * frame.miou:.1f} %'
        )
        rows.append(tag('h3', f'Frame {frame.index} of {frame.bag}, {frame.stamp_ns} ns: {value}'))
        rows.append(tag('div', *frame_pictures(kept[frame.key], run.label_space), class_='frames'))
    return join(*rows)


def _each(runs: Sequence[Run], draw: Callable[[Run], Markup]) -> Iterator[Markup]:
    """Draw for every run, under its name where there are several."""
    for index, run in enumerate(runs):
        dot = tag('span', '', class_='swatch', style=f'background:{run_color(index)}')
        yield join(*([tag('h3', dot, run.name)] if len(runs) > 1 else []), draw(run))


def _beside(runs: Sequence[Run], draw: Callable[[Run], Markup]) -> Markup:
    """Draw for every run as `_each`, one beside the other where there is room."""
    return tag('div', *(tag('div', drawn) for drawn in _each(runs, draw)), class_='sides')
