"""Pages that hold no article: home pages, galleries, consent walls, paywall stubs, error pages, script shells.

Only a page of which hardly any story was found is looked at; the reasons are tried in order, from what a page says
plainly to what it lacks.  A page that holds a story is an article whatever else it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from cleaner.extraction.metadata import Metadata
from cleaner.extraction.page import Page
from cleaner.text import is_prose, weight

# Words of kept prose from which on a page is an article, and those of a page that neither calls itself one nor names a
# day of publication; see docs/quality.md for what that costs and catches.
STORY_WORDS, UNCLAIMED_WORDS = 40.0, 80.0
# A page most of whose words are that story is an article, though it says nothing of itself: a brief, a note, a text
# that somebody has put into tags.  What was stripped of its article has menus and teasers for the most part.
MOST = 0.5
# So much kept text is an article, prose or not.
ANY_WORDS = 200.0
# Fewer visible words than this, and scripts: the page is drawn by them.
SHELL_WORDS = 60.0

_ERROR = re.compile(
    r"(?:^|\D)(?:40[0134]|410|451|50[0234])(?:\D|$)|not found|no longer available|does ?n[o']t exist|forbidden|"
    r"access denied|service unavailable|bad gateway|nicht gefunden|introuvable|no encontrad|não encontrad|"
    r"non trovata|niet gevonden|nie znaleziono|не найден|не знайдено|bulunamadı|未找到|不存在|見つかりません|غير موجود",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"\bcookies?\b|\bconsent|\bprivacy|\bgdpr\b|einwilligung|datenschutz|consentement|consentimiento|confidentialité|"
    r"privacidad|personvern|tietosuoja|конфиденциальн|个人信息|プライバシー",
    re.IGNORECASE,
)
_PAYWALL = re.compile(r"paywall|regwall|piano-|metered|premium|subscri|abonn|suscri|assina", re.IGNORECASE)
_SCRIPT = re.compile(r"javascript|java script|enable (?:js|scripts)", re.IGNORECASE)
_GALLERY = re.compile(r"gallery|slideshow|galerie|galeria|bildstrecke|fotostrecke|photos?\b|diaporama", re.IGNORECASE)

REASONS = ("error_page", "script_shell", "consent_wall", "paywall", "gallery", "home_page", "no_article")
"""Codes of docs/output.md."""


def non_article(page: Page, kept: Sequence[bool], known: Metadata, url: str | None) -> tuple[str, str] | None:
    """Reason and particulars when a page holds no article; None when it does.

    ``kept`` tells which blocks were taken for the story.

    >>> from cleaner.extraction.page import parse_page
    >>> page = parse_page("<html><title>404 Not Found</title><body><h1>Not Found</h1><p>Try the search.</p></html>")
    >>> non_article(page, [False, False], Metadata(titles=("404 Not Found",)), None)
    ('error_page', 'the page calls itself “404 Not Found” and holds 0 words of story')
    """
    texts = page.blocks.text
    enough, story = STORY_WORDS if claims_article(known) else UNCLAIMED_WORDS, 0.0
    for text, is_kept in zip(texts, kept, strict=True):
        if is_kept and is_prose(text):
            story += weight(text)
            if story >= enough:
                return None
    words = [weight(text) for text in texts]
    if sum(size for size, is_kept in zip(words, kept, strict=True) if is_kept) >= ANY_WORDS:
        return None  # results, verse, a list: a text without prose
    total = sum(words)
    found = f"{story:.0f} words of story"
    for title in known.titles:
        if len(title) < 100 and _ERROR.search(title):
            return "error_page", f"the page calls itself “{title}” and holds {found}"
    if total < SHELL_WORDS and (len(page.tree.css("script")) > 2 or any(_SCRIPT.search(text) for text in texts)):
        return "script_shell", f"{total:.0f} words stand on the page, the rest is drawn by scripts"
    consent = sum(size for size, text in zip(words, texts, strict=True) if _CONSENT.search(text))
    if consent > 0.3 * total and consent > story:
        return "consent_wall", f"{consent:.0f} of {total:.0f} words are about consent, {found}"
    walled = known.locked or any(_PAYWALL.search(names) for names in page.names)
    if walled and known.kind == "article":
        return "paywall", f"an article that is not shown without a subscription: {found}"
    images = len(page.tree.css("img, picture"))
    if "gallery" in known.kind or (images > 8 and any(_GALLERY.search(title) for title in known.titles)):
        return "gallery", f"{images} pictures and {found}"
    if story >= max(STORY_WORDS, MOST * total):
        return None
    links = sum(size * share for size, share in zip(words, page.blocks.linked, strict=True))
    if _is_root(url or (known.canonical.text if known.canonical else None)) or (
        known.kind != "article" and not known.published and links > 0.5 * total
    ):
        return "home_page", f"links make up {links / max(total, 1):.0%} of the page, which holds {found}"
    return "no_article", f"no block of the page reads like a story: {found}"


def claims_article(known: Metadata) -> bool:
    """Whether a page calls itself an article or names a day of publication."""
    return known.kind == "article" or known.published is not None


def _is_root(url: str | None) -> bool:
    try:
        return url is not None and urlsplit(url).path.strip("/") in ("", "index.html", "index.php", "home")
    except ValueError:
        return False
