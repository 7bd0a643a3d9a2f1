"""Names of months as news write them in dates: whole, short, and in the case that a day puts them in."""

from __future__ import annotations

import re

_NAMES = (
    "january jan januar jänner janvier enero janeiro gennaio января січня студзеня januari stycznia leden ledna "
    "januára januarie ianuarie ocak ιανουαρίου ιαν январь јануар јануара януари tammikuuta janúar يناير जनवरी",
    "february feb februar février febrero fevereiro febbraio февраля лютага лютого februari lutego února februára "
    "februarie şubat φεβρουαρίου φεβ февраль фебруар фебруара февруари helmikuuta febrúar فبراير févr fev फ़रवरी "
    "फरवरी",
    "march mar märz mars marzo março марта березня сакавіка maart marca března martie mart μαρτίου μαρ март "
    "maaliskuuta maret مارس मार्च mrt",
    "april apr avril abril aprile апреля квітня красавіка kwietnia dubna apríla aprilie nisan απριλίου απρ апрель "
    "април априла huhtikuuta avr abr أبريل ابريل अप्रैल",
    "may mai mayo maio maggio мая травня mei maja května mája mayıs μαΐου μαϊ май мај маја toukokuuta maj maí مايو मई",
    "june jun juni juin junio junho giugno июня червня чэрвеня czerwca června júna iunie haziran ιουνίου ιουν "
    "июнь јун јуна юни kesäkuuta júní يونيو जून",
    "july jul juli juillet julio julho luglio июля липня ліпеня lipca července júla iulie temmuz ιουλίου ιουλ "
    "июль јул јула юли heinäkuuta júlí juil يوليو जुलाई",
    "august aug août agosto августа серпня жніўня augustus sierpnia srpna augusta ağustos αυγούστου αυγ август "
    "elokuuta agustus augusti ágúst أغسطس अगस्त",
    "september sep sept septembre septiembre setembro settembre сентября вересня верасня września září septembra "
    "septembrie eylül σεπτεμβρίου σεπ сентябрь септембар септембра септември syyskuuta سبتمبر सितंबर सितम्बर",
    "october oct okt oktober octobre octubre outubro ottobre октября жовтня кастрычніка października října "
    "októbra octombrie ekim οκτωβρίου οκτ октябрь октобар октобра октомври lokakuuta október أكتوبر अक्टूबर",
    "november nov novembre noviembre novembro ноября листопада лістапада listopada listopadu novembra noiembrie "
    "kasım νοεμβρίου νοε ноябрь новембар новембра ноември marraskuuta nóvember نوفمبر नवंबर नवम्बर",
    "december dec dez dezember décembre diciembre dezembro dicembre декабря грудня снежня grudnia prosince "
    "decembra decembrie aralık δεκεμβρίου δεκ декабрь децембар децембра декември joulukuuta desember déc ديسمبر "
    "दिसंबर दिसम्बर",
)
MONTH = "|".join(sorted({name for names in _NAMES for name in names.split()}, key=len, reverse=True))
"""Alternatives for a regular expression that heeds no case, the longest first."""

_DAY_FIRST = re.compile(
    rf"(?:\w+\.?,\s+|\w{{2,3}}\.?\s+)?(?:(?:{MONTH})\.?\s\d\d?(?:st|nd|rd|th)?"
    rf"|\d\d?(?:\.|st|nd|rd|th|er|º)?\s(?:de\s+|of\s+)?(?:{MONTH})|(?:19|20)\d\d-\d\d-\d\d|\d\d?\s?[月월]\s?\d\d?\s?[日일])"
    r"(?!\w).*?[^\W\d_]{2}",
    re.IGNORECASE,
)


def begins_with_day(line: str) -> bool:
    """Whether a line begins with a day of a month, maybe behind a weekday, and goes on with words.

    >>> [begins_with_day(line) for line in ("Fri., June 9 – Elm Hall", "9. Juni: Elmhalle", "6月9日 榆树厅")]
    [True, True, True]
    >>> begins_with_day("June 9, 2024"), begins_with_day("May he stay")
    (False, False)
    """
    return _DAY_FIRST.match(line) is not None


def _key(name: str) -> str:
    # the dots of i come and go with its case
    return name.casefold().replace("ı", "i").replace("i\u0307", "i")


_MONTHS = {_key(name): number for number, names in enumerate(_NAMES, 1) for name in names.split()}


def month_number(name: str) -> int:
    """1 to 12 for what `MONTH` matched.

    >>> month_number("MÄRZ"), month_number("Aralık"), month_number("мая")
    (3, 12, 5)
    """
    return _MONTHS[_key(name)]
