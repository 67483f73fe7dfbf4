"""One model on one backend over recordings, and several of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from sfnet_ros.bags.film import make_film
from sfnet_ros.bags.parts import Progress, divide
from sfnet_ros.bags.read import BagError
from sfnet_ros.bags.scores import BagScores
from sfnet_ros.bags.source import Source, why_not_scored
from sfnet_ros.evaluation import LabelAgreement
from sfnet_ros.labels import LabelSpace
from sfnet_ros.runtime import Segmenter


@dataclass(frozen=True)
class Run:
    """Hold what one model came to.

    Args:
        name: What ran, such as ``df1_camvid on torch/cpu/float32``.
        model: Name of the model.
        backend: Of its run, likewise device and precision.
        label_space: Classes of the model.
        scores: Over all recordings but those refused.
        not_scored: Why there is no score against ground truth; None where there is.
        refused: Recordings that cannot be judged, and why.
    """

    name: str
    model: str
    backend: str
    device: str
    precision: str
    label_space: LabelSpace
    scores: BagScores
    not_scored: str | None
    refused: Mapping[Path, ValueError | OSError] = field(default_factory=dict)

    @cached_property
    def film(self) -> bytes:
        """Give the video of the pictures that were kept; see `make_film`."""
        return make_film(self.scores, self.label_space)

    @classmethod
    def of(
        cls,
        segmenter: Segmenter,
        sources: Sequence[Source],
        scores: BagScores,
        refused: Mapping[Path, BagError] | None = None,
    ) -> Run:
        """Say what ran, and check what it came to against what the recordings promised.

        Raises:
            BagError: All recordings are refused.
            ValueError: No frame can be decoded, or none of the ground truth is of its frame's aspect.
        """
        refused = refused or {}
        sources = [source for source in sources if source.path not in refused]
        if not sources:
            raise BagError('; '.join(map(str, refused.values())))
        if scores.unread and not scores.frames:
            raise ValueError(f'none of {scores.unread} frames can be decoded ({next(iter(scores.complaints))})')
        if scores.misfits.total and not scores.scored:
            raise ValueError(
                f'{next(iter(scores.misfits.sentences.values()))}; none fits its frame: name the topic of their ground '
                'truth with --truth'
            )
        label_space, backend = segmenter.label_space, segmenter.backend
        reasons = [why_not_scored(source.truth_topic, source.truth_space, label_space) for source in sources]
        truths = sum(source.truths for source, reason in zip(sources, reasons, strict=True) if reason is None)
        unused = truths - scores.scored - scores.misfits.total
        if unused > 0:
            scores.complaints[
                f'{unused} of {truths} label maps of the ground truth were not used: '
                'no readable frame has their stamp, or they are damaged'
            ] += 1
        not_scored = None
        if not scores.scored:
            not_scored = next(filter(None, reasons), 'no frame has a label map of its stamp')
        for source, reason in zip(sources, reasons, strict=True):
            if reason and source.truth_topic and scores.scored:
                scores.complaints[f'{source.path} is not scored: {reason}'] += 1
        model = segmenter.manifest.name if segmenter.manifest else 'network'
        return cls(
            segmenter.describe(),
            model,
            backend.name,
            backend.device,
            backend.precision,
            label_space,
            scores,
            not_scored,
            refused,
        )


def evaluate(sources: Sequence[Source], segmenter: Segmenter, progress: Progress) -> Run:
    """Run a model over recordings, one after the other.

    Args:
        sources: The recordings.
        segmenter: The model.
        progress: Told of it.

    Raises:
        BagError: No recording can be read, or has ground truth of the model's classes; single ones are left out.
        ValueError: The ground truth is none for the frames.
    """
    parts = divide(sources, segmenter.label_space)
    scores = BagScores(segmenter.label_space.num_classes, parts[0].sampling)
    refused: dict[Path, BagError] = {}
    for part in parts:
        try:
            scores.merge(part.evaluate(segmenter, partial(progress.done, 1)))
        except BagError as error:
            refused[part.source.path] = error
        progress.finished()
    return Run.of(segmenter, sources, scores, refused)


def label_agreement(run: Run, other: Run) -> float:
    """Give the share of equal labels on the pictures that both kept; NaN where their classes differ."""
    agreement = LabelAgreement()
    if run.label_space.names == other.label_space.names:
        film = other.scores.album.film
        for key, kept in run.scores.album.film.items():
            if key in film:
                agreement.update(kept.labels(), film[key].labels())
    return agreement.share
