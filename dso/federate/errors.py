"""What goes wrong between federates."""

from __future__ import annotations

from dso.errors import DsoError, InputError


class FederationError(DsoError):
    """The federation cannot go on: one line with who, what, when and what to do."""


class ProfileError(InputError):
    """A profile that cannot be used."""
