"""A line of free text becomes needs, a place, languages, an emergency, and the rest."""

from directory.search.understand.lexicon import Lexicon
from directory.search.understand.provenance import IMPORTED, fingerprint
from directory.search.understand.understanding import Understanding, Understood

__all__ = ["IMPORTED", "Lexicon", "Understanding", "Understood", "fingerprint"]
