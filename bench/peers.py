"""What other tools do to texts whose lines are given: each takes the lines and says which of them it keeps.

The rules of C4 (Raffel et al. 2020, https://arxiv.org/abs/1910.10683, section 2.2) and of RefinedWeb (Penedo et al.
2023, https://arxiv.org/abs/2306.01116, appendix G.2) are written after their papers; jusText and trafilatura are the
libraries themselves, given a page of one paragraph a line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

Peer = Callable[[Sequence[str], str], list[bool]]
"""Lines and the language of the text in; for each line whether it is kept out."""

_TERMINAL = (".", "!", "?", '"')
_COUNTER = re.compile(
    r"\W*\d[\d.,]*\s*[kKmM]?\s*(?:likes?|shares?|comments?|retweets?|reposts?|quotes?|bookmarks?"
    r"|upvotes?|downvotes?|downloads?|views?|followers?)\W*",
    re.IGNORECASE,
)
_NAVIGATION = re.compile(
    r"(?:^\W*(?:sign[ -]?in|sign[ -]?up|log[ -]?in))|(?:(?:read more|continue reading|see more|show more)\W*$)"
    r"|items in cart|add to cart",
    re.IGNORECASE,
)
_STOPLISTS = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian",
    "nl": "Dutch", "pl": "Polish", "ru": "Russian", "uk": "Ukrainian", "tr": "Turkish", "cs": "Czech",
    "sv": "Swedish", "no": "Norwegian_Bokmal", "da": "Danish", "ro": "Romanian", "hu": "Hungarian", "el": "Greek",
    "id": "Indonesian", "vi": "Vietnamese", "ar": "Arabic", "ko": "Korean",
}  # fmt: skip


def nothing(lines: Sequence[str], language: str) -> list[bool]:
    """Keep everything."""
    return [True] * len(lines)


def c4(lines: Sequence[str], language: str) -> list[bool]:
    """Lines that end in terminal punctuation, have five words and do not speak of JavaScript."""
    return [
        line.rstrip().endswith(_TERMINAL) and len(line.split()) >= 5 and "javascript" not in line.lower()
        for line in lines
    ]


def refinedweb(lines: Sequence[str], language: str) -> list[bool]:
    """All but lines mainly in capitals, of digits alone, counters, single words, and short navigation lines."""
    return [not _refinedweb_drops(line) for line in lines]


def _refinedweb_drops(line: str) -> bool:
    words = line.split()
    letters = [character for character in line if character.isalpha()]
    return (
        len(words) <= 1
        or (bool(letters) and sum(character.isupper() for character in letters) > 0.5 * len(letters))
        or not letters
        or _COUNTER.fullmatch(line) is not None
        or (len(words) <= 10 and _NAVIGATION.search(line) is not None)
    )


def justext(lines: Sequence[str], language: str) -> list[bool]:
    """Paragraphs that jusText finds good, with the stop words of the language."""
    import justext as library

    name = _STOPLISTS.get(language)
    stoplist = library.get_stoplist(name) if name else frozenset[str]()
    kept = library.justext(_page(lines).encode("utf-8"), stoplist, encoding="utf-8")
    # one paragraph a line, in order; lines of which it sees nothing are not there
    good = iter(kept)
    flags: list[bool] = []
    paragraph = next(good, None)
    for line in lines:
        text = " ".join(line.split())
        if paragraph is not None and " ".join(paragraph.text.split()) == text:
            flags.append(not paragraph.is_boilerplate)
            paragraph = next(good, None)
        else:
            flags.append(False)
    return flags


def trafilatura(lines: Sequence[str], language: str) -> list[bool]:
    """Lines that trafilatura leaves of a page with a paragraph a line."""
    from trafilatura import extract

    text = extract(_page(lines), include_comments=False) or ""
    left = [" ".join(line.split()) for line in text.splitlines()]
    flags: list[bool] = []
    place = 0
    for line in lines:
        own = " ".join(line.split())
        found = next((ahead for ahead in range(place, min(place + 50, len(left))) if left[ahead] == own), None)
        flags.append(found is not None)
        place = place if found is None else found + 1
    return flags


def _page(lines: Sequence[str]) -> str:
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines)
    return f"<html><head><title></title></head><body><article>\n{body}</article></body></html>"


PEERS: dict[str, Peer] = {
    "nothing": nothing,
    "C4 line rules": c4,
    "RefinedWeb line rules": refinedweb,
    "jusText on lines": justext,
    "trafilatura on lines": trafilatura,
}
