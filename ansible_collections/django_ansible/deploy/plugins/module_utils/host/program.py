# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs modules of this collection in another Python, be it as somebody else, in a sandbox or in a container, where the collection is not installed."""
from __future__ import annotations

import inspect
import json

# Gives each module its own name there. Their sources and what is asked come on stdin: arguments can be seen by everyone on the host.
# The last module's main() is called with what is asked. What else stdin has is left to it.
BOOTSTRAP = """
import json, os, sys, types

def take(count):
    parts = []
    while count:
        parts.append(os.read(0, count) or sys.exit("the program is not whole"))
        count -= len(parts[-1])
    return b"".join(parts)

given = json.loads(take(int(take(12))))
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
    text = json.dumps({"modules": [(module.__name__, inspect.getsource(module)) for module in modules], "request": request})
    return "%012d%s" % (len(text), text)
