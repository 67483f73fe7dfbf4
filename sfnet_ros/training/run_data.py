"""The data sets of a run, opened: whatever is missing is known, and no picture is read yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfnet_ros.datasets import LabelledPictures, open_dataset
from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.coarse_data import join_coarse
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.sampling import Sampler, class_uniform

if TYPE_CHECKING:
    from sfnet_ros.training.pictures import Labelled


@dataclass(frozen=True)
class RunData:
    """What a run reads.

    Args:
        dataset: The first data set, whose drives the model is said to know.
        pictures: What is trained on: the first data set, and the coarse one behind it where there is one.
        sampler: Which of them an epoch shows; None: each once.
        validation: What is scored; None: nothing is.
    """

    dataset: LabelledPictures
    pictures: Labelled
    sampler: Sampler | None
    validation: LabelledPictures | None


def load_label_space(config: TrainingConfig) -> LabelSpace:
    """Read the classes of a run.

    Raises:
        ValueError: They are not known, or not as many as the network has.
    """
    label_space = LabelSpace.load(config.data.label_space)
    if label_space.num_classes != config.network.num_classes:
        raise ValueError(
            f'{config.name} trains {config.network.num_classes} classes, but label space {label_space.name} has '
            f'{label_space.num_classes}; set network: num_classes to that'
        )
    return label_space


def open_data(config: TrainingConfig) -> RunData:
    """Open the data sets of a run.

    Raises:
        FileNotFoundError: A folder of one does not exist.
        ValueError: A layout, split, drive or class is not known, or pictures have no label map.
    """
    data, label_space = config.data, load_label_space(config)
    dataset = open_dataset(data.layout, data.root, data.split, label_space, (), data.exclude_drives)
    validation = None
    if data.validation_split:
        validation = open_dataset(data.layout, data.root, data.validation_split, label_space, data.validation_drives)
    if config.coarse_data.root:
        return RunData(dataset, *join_coarse(config.coarse_data, dataset), validation)
    sampler = class_uniform(dataset, data.class_uniform, data.tile_px) if data.class_uniform else None
    return RunData(dataset, dataset, sampler, validation)
