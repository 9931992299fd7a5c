"""One run is one SQLite file: what is in it, how it is written, how a broken run is taken up again."""

from dso.run_file.reader import RunReader
from dso.run_file.tables import SCHEMA_VERSION, TABLES, VIEWS
from dso.run_file.writer import RunWriter

__all__ = ["SCHEMA_VERSION", "TABLES", "VIEWS", "RunReader", "RunWriter"]
