"""A line of free text becomes needs, a place, languages, an emergency, and the rest."""

from directory.search.understand.understanding import Understanding, Understood

__all__ = ["Understanding", "Understood"]
