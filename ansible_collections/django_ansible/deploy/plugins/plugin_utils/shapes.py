# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a value from a host may be: types, lengths and forms. A shape is a function that yields what is wrong, as pairs of place and sentence."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Shape = Callable[[str, Any], Iterator[tuple[str, str]]]
LONGEST = 65536
MOST = 10000


def shown(value: object) -> str:
    """A value for a sentence: short, on one line, without control characters."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = ascii(value[:100]) if isinstance(value, str) else ascii(value)[:100] if isinstance(value, (int, float, type(None))) else "a %s" % type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def text(most: int = LONGEST) -> Shape:
    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if not isinstance(value, str):
            yield place, "is %s where a text belongs" % shown(value)
        elif len(value) > most:
            yield place, "has %d characters, and there may be %d" % (len(value), most)

    return check


def form(pattern: str | re.Pattern, what: str, most: int = 1000) -> Shape:
    compiled = re.compile(pattern)

    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if not isinstance(value, str) or len(value) > most or not compiled.fullmatch(value):
            yield place, "is %s, which is not %s" % (shown(value), what)

    return check


def one_of(*choices: object) -> Shape:
    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if not any(type(choice) is type(value) and choice == value for choice in choices) and not (isinstance(value, str) and value in choices):
            yield place, "is %s, which is none of %s" % (shown(value), ", ".join(map(str, choices)))

    return check


def boolean(place: str, value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(value, bool):
        yield place, "is %s where true or false belongs" % shown(value)


def number(place: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value < 1 << 53:
        yield place, "is %s where a number belongs" % shown(value)


def maybe(shape: Shape) -> Shape:
    """That, or nothing."""

    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if value is not None:
            yield from shape(place, value)

    return check


def each(shape: Shape, most: int = MOST) -> Shape:
    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if not isinstance(value, list):
            yield place, "is %s where a list belongs" % shown(value)
        elif len(value) > most:
            yield place, "has %d entries, and there may be %d" % (len(value), most)
        else:
            for index, entry in enumerate(value):
                yield from shape("%s[%d]" % (place, index), entry)

    return check


def by_name(shape: Shape, most: int = 1000) -> Shape:
    """A mapping of any names to values of one shape."""

    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if not isinstance(value, Mapping):
            yield place, "is %s where a mapping belongs" % shown(value)
        elif len(value) > most:
            yield place, "has %d entries, and there may be %d" % (len(value), most)
        else:
            for name, entry in value.items():
                if not isinstance(name, str) or len(name) > 1000:
                    yield place, "has the name %s" % shown(name)
                else:
                    yield from shape("%s.%s" % (place, ascii(name)[1:-1][:60]), entry)

    return check


def record(**shapes: Shape) -> Shape:
    """A mapping of known names, of which some may be missing."""

    def check(place: str, value: object) -> Iterator[tuple[str, str]]:
        if not isinstance(value, Mapping):
            yield place, "is %s where a mapping belongs" % shown(value)
            return
        for name, entry in value.items():
            here = "%s.%s" % (place, shown(name)[1:-1]) if place else shown(name)[1:-1]
            if name in shapes:
                yield from shapes[name](here, entry)
            else:
                yield here, "is nothing that it may answer"

    return check
