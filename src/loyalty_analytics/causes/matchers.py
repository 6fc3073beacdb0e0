"""One matcher per codebook: the second tagger of a process costs nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from .codebook import Codebook
from .matcher import Matcher

__all__ = ["matcher_of", "undisturbed"]

#: Matchers by the texts of their codebook.
_MATCHERS: dict[tuple[tuple[str, ...], tuple[str, ...]], Matcher] = {}
_KEPT = 6


def matcher_of(codebook: Codebook, languages: tuple[str, ...]) -> Matcher:
    """The matcher of a codebook, made once per process."""
    if not codebook.sources:
        return Matcher(codebook, languages)
    key = codebook.sources, languages
    if key not in _MATCHERS:
        while len(_MATCHERS) >= _KEPT:
            del _MATCHERS[next(iter(_MATCHERS))]
        with undisturbed():
            _MATCHERS[key] = Matcher(codebook, languages)
    return _MATCHERS[key]


@contextmanager
def undisturbed() -> Iterator[None]:
    """No search for cyclic garbage meanwhile: among many small objects that stay it takes a third of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
