"""Back office of meter allocation, one module a subject."""

from allocation.admin import availability, checks, matrix

__all__ = ("availability", "checks", "matrix")
