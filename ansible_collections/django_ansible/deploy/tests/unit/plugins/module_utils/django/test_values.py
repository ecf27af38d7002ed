"""Rows that a trial writes have values that their columns take."""
from __future__ import annotations

import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.values import SHAPES, shape_of


@pytest.mark.parametrize(
    ("kind", "flat", "high"),
    [
        ("POINT", "POINT (0 0)", "POINT (0 0 0)"),
        ("MULTIPOLYGON", "MULTIPOLYGON (((0 0, 0 1, 1 1, 0 0)))", "MULTIPOLYGON (((0 0 0, 0 1 0, 1 1 0, 0 0 0)))"),
        ("GEOMETRYCOLLECTION", "GEOMETRYCOLLECTION (POINT (0 0))", "GEOMETRYCOLLECTION (POINT (0 0 0))"),
    ],
)
def test_a_shape_has_the_dimensions_of_its_column(kind, flat, high):
    assert [shape_of(types.SimpleNamespace(geom_type=kind, dim=dim)) for dim in (2, 3)] == [flat, high]


def test_every_pair_of_a_shape_gets_its_height():
    for kind in SHAPES:
        high = shape_of(types.SimpleNamespace(geom_type=kind, dim=3))
        pairs = [pair.strip(" ()").split() for pair in high.partition("(")[2].replace("POINT", "").split(",")]
        assert all(len(pair) == 3 for pair in pairs), high
