"""What a forked `taptill` finds imported already: all of it, and what it imports late."""

import gc
import importlib
import pkgutil

import taptill

LATE = (
    "pytest",  # where pytest is the main module, each fork would import it anew
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "tests.fakes.forked.command",
    "textual.drivers.linux_driver",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
)

for module in pkgutil.walk_packages(taptill.__path__, "taptill."):
    if module.name != "taptill.__main__":
        importlib.import_module(module.name)
for name in LATE:
    importlib.import_module(name)
gc.collect()
gc.freeze()
