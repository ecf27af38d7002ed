# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs modules of this collection in another Python, be it as somebody else, in a sandbox or in a container, where the collection is not installed."""
from __future__ import annotations

import inspect
import json

# Gives each module its own name there. Their sources and what is asked come on stdin: arguments can be seen by everyone on the host.
# The last module's main() is called with what is asked.
BOOTSTRAP = """
import json, sys, types
given = json.load(sys.stdin)
for name, source in given["modules"]:
    parts = name.split(".")
    for end in range(1, len(parts)):
        parent = ".".join(parts[:end])
        if parent not in sys.modules:
            sys.modules[parent] = types.ModuleType(parent)
            sys.modules[parent].__path__ = []
    module = types.ModuleType(name)
    sys.modules[name] = module
    setattr(sys.modules[".".join(parts[:-1])], parts[-1], module)
    exec(compile(source, parts[-1] + ".py", "exec"), module.__dict__)
module.main(given["request"])
"""


def program_input(modules: tuple, request: dict) -> str:
    """What BOOTSTRAP reads on stdin.

    :param modules: each after those that it imports; they import nothing else of this collection.
    """
    return json.dumps({"modules": [(module.__name__, inspect.getsource(module)) for module in modules], "request": request})
