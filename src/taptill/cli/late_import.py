"""Imports a module when it is needed, and looks for no garbage meanwhile."""

import gc
import sys
from importlib import import_module
from types import ModuleType


def late_import(name: str) -> ModuleType:
    """Return a module, imported now if it is not there yet.

    What a module makes stays as long as the program. Yet while modules are imported, Python would
    search all of it for garbage several times, which is up to a fifth of the import; here it is
    never searched.
    """
    if name in sys.modules or not gc.isenabled():
        return import_module(name)
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()
