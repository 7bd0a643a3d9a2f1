"""What report and review have in common: the templates, and text made safe to look at.

Removed text is hostile text.  The templates escape everything; characters that act on their surroundings (controls,
writing directions) stand in an element of their own, which shows their name and keeps them to themselves.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cleaner.audit.shown import code, code_of

# Controls but tab and line feed, direction marks and overrides, isolates, line and paragraph separators, tags, and
# white space that a page would show as nothing.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
# Characters that are not worth a cut: saying that they are missing takes as much room.
SLACK = 40
_LANGUAGE = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# Characters that a page cannot hold: they would come out as others.
_UNHOLDABLE = frozenset("\x00\r\x0c")


def visible(text: object, most: int | None = None) -> Markup:
    """Text as HTML in which nothing acts: escaped, and acting characters isolated and named.

    The text content of the result is the text, but for NUL, carriage returns and form feeds, which HTML cannot hold and
    which are named alone.  ``most`` cuts, and says how much is not there.

    >>> visible("<b> \\u202e")
    Markup('&lt;b&gt; <bdi class="control" data-code="U+202E">\\u202e</bdi>')
    """
    whole = str(text)
    shown = whole if most is None or len(whole) <= most + SLACK else whole[:most]
    parts, position = [], 0
    for found in _ACTING.finditer(shown):
        character = found.group()
        held = "" if character in _UNHOLDABLE else character
        parts += [
            escape(shown[position : found.start()]),
            Markup('<bdi class="control" data-code="U+{:04X}">{}</bdi>').format(ord(character), held),
        ]
        position = found.end()
    parts.append(escape(shown[position:]))
    if len(shown) < len(whole):
        parts.append(Markup('<span class="more"> … {} more characters</span>').format(f"{len(whole) - len(shown):,}"))
    return Markup("").join(parts)


def plain(value: Any) -> Any:
    """What templates write without `visible` (titles, attributes): acting characters become replacement characters."""
    return _ACTING.sub("\ufffd", value) if type(value) is str else value


def tongue(language: object) -> str:
    """A language for an attribute: as it is where it may be one, else undetermined.

    >>> tongue("zh"), tongue("<b>")
    ('zh', 'und')
    """
    return str(language) if _LANGUAGE.fullmatch(str(language)) else "und"


def share(value: float | None, digits: int = 1) -> str:
    """A share as per cent.

    >>> share(0.1234), share(None)
    ('12.3 %', '–')
    """
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def number(value: float | None) -> str:
    """A count with separators."""
    return "–" if value is None else f"{value:,.0f}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, with everything escaped and unknown names an error."""
    templates = Environment(
        loader=PackageLoader("cleaner.audit", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=plain,
    )
    filters: dict[str, Any] = {"visible": visible, "share": share, "number": number, "code": code, "tongue": tongue}
    templates.filters |= filters
    templates.globals["code_of"] = code_of
    return templates
