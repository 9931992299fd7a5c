"""The documentation of a run file's tables, made from the tables themselves."""

from __future__ import annotations

from dso.run_file import SCHEMA_VERSION, TABLES, VIEWS


def run_file_page() -> str:
    """Every table and view of a run file as Markdown."""
    lines = [
        "# The run file",
        "",
        "One run is one SQLite file. This page is printed by `dso schema run`; the schema version is "
        f"{SCHEMA_VERSION}.",
        "Load is positive, injection negative. Times are whole seconds since 1970-01-01T00:00Z: "
        "`datetime(time_s, 'unixepoch')` turns one into text. What one market holds for each customer is one "
        "JSON list, in the order of `enrolments`; the views unfold it.",
        "",
    ]
    for table in TABLES:
        lines += [
            f"## {table.name}",
            "",
            table.doc,
            "",
            "| column | type | what it holds |",
            "| --- | --- | --- |",
        ]
        lines += [f"| `{c.name}` | {c.type} | {c.doc} |" for c in table.columns]
        lines.append("")
    lines += ["## Views", "", "| view | what it holds |", "| --- | --- |"]
    lines += [f"| `{name}` | {doc} |" for name, (doc, _) in VIEWS.items()]
    return "\n".join(lines) + "\n"
