"""Figures that travel inside the wheel, carried over from published sources (see LICENSES.txt)."""
