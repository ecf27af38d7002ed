# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Makes a value for a field, for a row that is written in a trial and taken back.

Runs in the release's virtual environment, beside driver: the standard library and Django alone.
"""
from __future__ import annotations

import datetime
import decimal
import re
import uuid

LONGEST = 10000  # characters that are tried of a text without end
SHAPES = {
    "POINT": "POINT (0 0)", "LINESTRING": "LINESTRING (0 0, 1 1)", "POLYGON": "POLYGON ((0 0, 0 1, 1 1, 0 0))", "MULTIPOINT": "MULTIPOINT (0 0)",
    "MULTILINESTRING": "MULTILINESTRING ((0 0, 1 1))", "MULTIPOLYGON": "MULTIPOLYGON (((0 0, 0 1, 1 1, 0 0)))", "GEOMETRY": "POINT (0 0)",
    "GEOMETRYCOLLECTION": "GEOMETRYCOLLECTION (POINT (0 0))",
}
PLAIN = {
    "BooleanField": True, "NullBooleanField": True, "DateField": datetime.date(2001, 2, 3), "TimeField": datetime.time(4, 5, 6),
    "DurationField": datetime.timedelta(days=1), "UUIDField": uuid.UUID(int=0xD1A260), "FloatField": 1.5, "BinaryField": b"x", "JSONField": {}, "HStoreField": {},
}


class NoValue(Exception):
    """Nothing is known that fits into a field."""


def value_of(field, connection, full):
    """A value as the code would give it to Django.

    :param full: the largest that the field takes, so that a column that became smaller shows; else a plain one, which checks of the project rather let pass.
    :raises NoValue: for a field of an unknown kind without a default.
    """
    if field.is_relation and getattr(field, "target_field", None) is not None:
        return value_of(field.target_field, connection, full)
    chosen = choice_of(field)
    if chosen is not None:
        return chosen
    if not full and field.has_default() and not callable(field.default):
        return field.get_default()
    try:
        return made_for(field, connection, full)
    except NoValue:
        if field.has_default():
            return field.get_default()
        if field.null:
            return None
        raise


def choice_of(field):
    for value, label in field.choices or ():
        for key in [pair[0] for pair in label] if isinstance(label, (list, tuple)) else [value]:
            if key not in (None, ""):
                return key
    return None


def made_for(field, connection, full):
    kind = field.get_internal_type()
    whole = getattr(type(connection.ops), "integer_field_ranges", {}).get(kind)
    if whole or kind.endswith(("IntegerField", "AutoField")):
        return (whole or (1, 32000))[1] if full else 1
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in ("CharField", "SlugField", "FileField", "FilePathField", "EmailField", "URLField", "TextField"):
        return "x" * (min(field.max_length or 1, LONGEST) if full else 1)
    if kind == "DateTimeField":
        from django.conf import settings

        return datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc if settings.USE_TZ else None)
    if kind == "DecimalField":
        digits = (field.max_digits or 3) - (field.decimal_places or 0)
        return decimal.Decimal("9" * digits or "0") if full else decimal.Decimal(1 if digits else 0)
    if kind in ("GenericIPAddressField", "IPAddressField"):
        return "192.0.2.1"
    if hasattr(field, "geom_type"):
        from django.contrib.gis.geos import GEOSGeometry

        return GEOSGeometry(shape_of(field), srid=field.srid)
    if hasattr(field, "base_field") and kind == "ArrayField":
        return [value_of(field.base_field, connection, full)] * (field.size or 1)
    raise NoValue("%s is of a kind that no value is known for" % field.name)


def shape_of(field):
    """A shape for a field of GeoDjango, in as many dimensions as it has."""
    shape = SHAPES[field.geom_type]
    return re.sub(r"(\d \d)", r"\1 0", shape) if field.dim == 3 else shape
