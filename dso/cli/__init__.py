"""Commands of the `dso` program."""
