"""Patterns take the exchanges that a drawing means, and no others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.debugger.pattern import (
    Again,
    AnyOrder,
    Done,
    Each,
    Either,
    Never,
    Pattern,
    Then,
    Told,
    after,
    expected,
    may_end,
)

LONGEST = 4
LETTERS = tuple(Told("MO", "LSE", kind) for kind in "abc")
WORDS = [word for n in range(LONGEST + 1) for word in product(LETTERS, repeat=n)]

patterns = st.recursive(
    st.sampled_from([Done(), *LETTERS]),
    lambda inner: st.one_of(
        st.builds(Then, inner, inner),
        st.builds(lambda a, b: Either((a, b)), inner, inner),
        st.builds(Again, inner),
        st.builds(Each, inner),
        st.builds(AnyOrder, inner, inner),
    ),
    max_leaves=5,
)


def shuffles(a: tuple, b: tuple) -> set[tuple]:
    if not a or not b:
        return {a + b}
    return {(a[0], *w) for w in shuffles(a[1:], b)} | {(b[0], *w) for w in shuffles(a, b[1:])}


def words_of(pattern: Pattern) -> set[tuple]:
    """Every word of at most LONGEST letters that a pattern means, by its definition."""
    match pattern:
        case Done():
            return {()}
        case Told():
            return {(pattern,)}
        case Then(a, b):
            return short(x + y for x in words_of(a) for y in words_of(b))
        case Either(parts):
            return set().union(*(words_of(p) for p in parts))
        case AnyOrder(a, b):
            return mixes(words_of(a), words_of(b))
        case Again(body):
            one = words_of(body)
            return closed(lambda found: short(x + y for x in found for y in one))
        case Each(body):
            one = words_of(body)
            return closed(lambda found: mixes(found, one))
    return set()


def mixes(some: set[tuple], others: set[tuple]) -> set[tuple]:
    pairs = [(x, y) for x in some for y in others if len(x + y) <= LONGEST]
    return set().union(*(shuffles(x, y) for x, y in pairs)) if pairs else set()


def closed(more: Callable[[set[tuple]], set[tuple]]) -> set[tuple]:
    """What comes of the empty word by going on as often as one likes."""
    found: set[tuple] = {()}
    while (grown := found | more(found)) != found:
        found = grown
    return found


def short(words) -> set[tuple]:
    return {w for w in words if len(w) <= LONGEST}


def takes(pattern: Pattern, word: tuple) -> bool:
    for told in word:
        pattern = after(pattern, told)
    return may_end(pattern)


@settings(max_examples=150, deadline=None)
@given(patterns)
def test_a_pattern_takes_exactly_the_words_that_it_means(pattern: Pattern) -> None:
    meant = words_of(pattern)
    assert {word for word in WORDS if takes(pattern, word)} == meant


@settings(max_examples=150, deadline=None)
@given(patterns)
def test_what_is_expected_next_is_what_leads_on(pattern: Pattern) -> None:
    leading = {told for told in LETTERS if not isinstance(after(pattern, told), Never)}
    assert set(expected(pattern)) == leading


@pytest.mark.parametrize("line", [1, 7])
def test_where_a_message_is_drawn_does_not_matter(line: int) -> None:
    assert after(Told("MO", "LSE", "a", line), LETTERS[0]) == Done()
