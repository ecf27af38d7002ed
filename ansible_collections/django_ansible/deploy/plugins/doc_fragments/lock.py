# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  lock_wait:
    description: Seconds to wait for another deploy of this application. One that is not heard of any more is waited for in any case, until the host has ended it.
    type: int
    default: 0
  wait_is_told:
    description:
      - Whether people know for whose lock this waits. Where they do not, it waits for none and answers at once, with a sentence in C(waits).
      - The action plugins show that sentence and ask again.
    type: bool
    default: true
"""
