# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a step of driver says no with."""
from __future__ import annotations


class Refused(Exception):
    """The project itself says no; the text is for the person who deploys. C(applied) are migrations that were applied before it did."""

    applied: tuple | list = ()
