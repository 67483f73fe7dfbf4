from __future__ import annotations

from dataclasses import asdict

import pytest

from sfnet_ros.network import SFNetConfig


@pytest.mark.parametrize(
    ('backbone', 'width', 'finest_stride'),
    [
        ('df1', 64, 16),
        ('df2', 64, 8),
        ('resnet18', 128, 4),
        ('resnet50', 256, 4),
        ('resnet101', 256, 4),
        ('stdc1', 64, 4),
        ('stdc2', 64, 4),
    ],
)
def test_what_is_not_given_is_as_in_the_released_network(backbone, width, finest_stride):
    config = SFNetConfig(backbone)
    assert (config.width, config.finest_stride) == (width, finest_stride)


def test_a_variant_has_defaults_of_its_own():
    for backbone in ('stdc1', 'df1'):
        config = SFNetConfig(backbone, variant='lite')
        assert (config.width, config.finest_stride) == (128, 4)
    assert SFNetConfig('stdc1', variant='lite', width=64).width == 64
    assert SFNetConfig('stdc1', variant='fpn').width == 64


def test_a_config_survives_a_round_trip_through_plain_values():
    config = SFNetConfig('df1', num_classes=11, finest_stride=8)
    assert SFNetConfig.from_dict(asdict(config)) == config


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'backbone': 'df3'}, r"backbone 'df3' is not one of df1, df2"),
        ({'num_clases': 11}, r"unknown key 'num_clases'; did you mean 'num_classes'"),
        ({'num_classes': 0}, r'num_classes is 0; accepted are 1 to 255'),
        ({'num_classes': 256}, r'num_classes is 256'),
        ({'num_classes': '11'}, r"num_classes is '11'; int is accepted"),
        ({'width': 63}, r'width is 63; accepted are even'),
        ({'finest_stride': 32}, r'finest_stride is 32; accepted are \(4, 8, 16\)'),
        ({'dilated': 1}, r'dilated is 1; bool is accepted'),
        ({'variant': 'fnp'}, r"variant 'fnp': 'fnp' is not known; did you mean 'fpn'"),
        ({'variant': 'fpn+apsp'}, r"variant 'fpn\+apsp': 'apsp' is not known; did you mean 'aspp'"),
        ({'variant': 'psm'}, r"variant 'psm': 'psm' is not known; accepted: .*no_context, non_local, sfnet"),
        ({'variant': 'aspp+fpn+non_local'}, r'aspp and non_local both change the context module; choose one'),
        ({'variant': 'fcn+at_8'}, r'fcn and at_8 both change which levels are aligned'),
        ({'variant': 'sfnet+aspp'}, r"'sfnet' is the default network; join others"),
        (
            {'variant': 'at_8'},
            r"'at_8' works on a level at stride 8, but df1 with finest_stride 16 has levels at 16, 32",
        ),
        ({'variant': 'lite', 'finest_stride': 8}, r"variant 'lite' works on a level at stride 4, but df1"),
        ({'variant': 'dilated_fcn'}, r'dilated_fcn. is for backbones resnet\*; the backbone is df1'),
    ],
)
def test_a_bad_value_is_refused_in_a_sentence(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        SFNetConfig.from_dict(values)
