"""A second data set, trained on beside the first, whose labels tell fewer classes apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sfnet_ros.datasets import Sample, open_dataset
from sfnet_ros.datasets.class_tiles import Draw
from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.sampling import Sampler
from sfnet_ros.training.sections import CoarseDataConfig

if TYPE_CHECKING:
    from sfnet_ros.training.pictures import Labelled


class JoinedPictures:
    """Two data sets as one: train id ``c`` of the second becomes ``num_classes + c``, so that losses know it.

    Args:
        fine: The data set whose labels say what stands there; its pictures come first.
        coarse: The one whose labels leave that open.
        labelled: Whether the second one's labels are used at all.
    """

    def __init__(self, fine: Labelled, coarse: Labelled, *, labelled: bool = True) -> None:
        self.label_space = fine.label_space
        self._fine = fine
        self._coarse = coarse
        self._labelled = labelled

    def __len__(self) -> int:
        return len(self._fine) + len(self._coarse)

    def __getitem__(self, index: int, /) -> Sample:
        if index < len(self._fine):
            return self._fine[index]
        sample = self._coarse[index - len(self._fine)]
        known = (sample.target != LabelSpace.ignore_index) & self._labelled
        target = np.where(known, sample.target + self.label_space.num_classes, LabelSpace.ignore_index)
        return Sample(sample.name, sample.image, target.astype(np.uint8))


def join_coarse(config: CoarseDataConfig, fine: Labelled) -> tuple[JoinedPictures, Sampler]:
    """Open the second data set, and give both as one, and what an epoch shows of them.

    Raises:
        FileNotFoundError: A folder of the second data set does not exist.
        ValueError: Its layout or split is unknown, pictures have no label map, there are too many classes, or
            ``may_be`` names another one.
    """
    check_may_be(config.may_be, fine.label_space)
    if 2 * fine.label_space.num_classes > LabelSpace.ignore_index:
        raise ValueError(
            f'coarse_data: {fine.label_space.num_classes} classes of {fine.label_space.name} are too many; up to '
            f'{LabelSpace.ignore_index // 2} are accepted'
        )
    coarse = open_dataset(config.layout, config.root, config.split, fine.label_space)
    return JoinedPictures(fine, coarse, labelled=config.labelled), _both(
        len(fine), len(coarse), round(config.share * len(fine))
    )


def check_may_be(may_be: Mapping[str, Sequence[str]], label_space: LabelSpace) -> None:
    """Refuse what may stand where a coarse label says something else, see ``CoarseDataConfig``, if it is no class.

    Raises:
        ValueError: A class is not one of the label space.
    """
    for name in [*may_be, *(other for others in may_be.values() for other in others)]:
        if name not in label_space.names:
            raise ValueError(f'coarse_data: may_be: {name!r} is not one of {", ".join(label_space.names)}')


def _both(fine: int, coarse: int, drawn: int) -> Sampler:
    """Show each fine picture once, and ``drawn`` coarse ones, each as often as another but for one time."""

    def sample(generator: np.random.Generator) -> list[Draw]:
        rounds = -(-drawn // coarse)
        others = [fine + index for _ in range(rounds) for index in generator.permutation(coarse)][:drawn]
        return [Draw(int(index), None) for index in generator.permutation([*range(fine), *others])]

    return sample
