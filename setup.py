import os
from pathlib import Path

from setuptools import find_packages, setup

NAME = 'sfnet_ros'
SHARED = ('config', 'launch', 'models')

# Where ROS is sourced, apt brings NumPy and OpenCV (pip's break its cv_bridge), and its OpenCV is no distribution that
# pip or pkg_resources could find: named here, it would be installed over, or keep the executables from starting.
FROM_APT = [] if 'ROS_DISTRO' in os.environ else ['numpy', 'opencv-python-headless']

# What torch writes ONNX graphs with.
ONNX = ['onnx', 'onnxscript']


def shared_files() -> list[tuple[str, list[str]]]:
    """List what goes to share/sfnet_ros, as folders there and the files in each."""
    files = [file for folder in SHARED for file in sorted(Path(folder).rglob('*')) if file.is_file()]
    wanted = [file for file in files if '__pycache__' not in file.parts and not file.name.startswith('.')]
    return [(f'share/{NAME}/{file.parent.as_posix()}', [str(file)]) for file in wanted]


setup(
    name=NAME,
    version='0.1.0',
    description='Real-time semantic segmentation for robots: SFNet as a library and as a ROS 2 node',
    maintainer='sfnet_ros maintainers',
    maintainer_email='maintainers@sfnet-ros.example',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        *shared_files(),
    ],
    install_requires=[
        'PyYAML',
        'backports.zstd; python_version < "3.14"',
        'lz4',
        'pillow',
        'rosbags>=0.11',
        'rosbags-image',
        'safetensors',
        'torch>=2.11',
        'torchvision',
        'tqdm',
        *FROM_APT,
    ],
    # A backend each, but for `onnx`, which exports, and `tensorboard`, which shows curves; `colcon test`
    # runs pytest only where the extra `test` names it.
    extras_require={
        'onnx': ONNX,
        'onnxruntime': ['onnxruntime', *ONNX],
        'openvino': ['openvino', *ONNX],
        'mnn': ['MNN', *ONNX],
        'tensorrt': ['tensorrt>=10', *ONNX],
        'tensorboard': ['tensorboard'],
        'ray': ['ray'],
        'test': ['hypothesis', 'pytest', 'pytest-timeout', 'tensorboard'],
    },
    entry_points={
        'console_scripts': [
            'sfnet = sfnet_ros.cli:main',
            'segmentation_node = sfnet_ros.ros.segmentation_node:main',
            'semantic_cloud_node = sfnet_ros.ros.semantic_cloud_node:main',
        ],
    },
)
