"""The news guard: two paragraphs that are alike but for a number, a date, a name or a negation are different news.

rapidfuzz gives three quarters' earnings reports of one company 97 of 100.  What tells them apart are few words, and
those words are looked at here: the words that only one of the two texts has, after both are aligned.

- **numbers**: anything with a digit, and number words;
- **dates**: months and weekdays;
- **negations**: "not", "never", "without" and their like;
- **names**: words with a capital letter inside a sentence.  Scripts without case do not tell names from other words:
  there any word that stands in the place of another one counts as a name, unless both are small words.

Left alone: punctuation, quotation marks, words with a small letter, and the dateline before the first word that both
have.  In doubt the guard says that the news differ: a copy that stays is cruft, a story that goes is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rapidfuzz.distance import Levenshtein

from cleaner.filters.repeats import DATELINE_ENDS, DATELINE_WORDS
from cleaner.function_words import WORDS
from cleaner.text import UNSPACED, word_matches

NUMBER, DATE, NEGATION, NAME = "number", "date", "negation", "name"

_NUMBER_WORDS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand
    million billion first second third fourth half double null zwei drei vier fünf sechs sieben acht neun zehn elf zwölf
    hundert tausend erste zweite dritte vierte deux trois quatre cinq sept huit neuf dix onze douze cent mille premier
    première deuxième troisième dos tres cuatro cinco seis siete ocho nueve diez cien mil primer primero primera segundo
    segunda tercer tercero due tre quattro cinque sei sette otto nove dieci cento primo prima secondo terzo dois três
    quatro sete oito dez cem primeiro terceiro twee drie vijf zes zeven negen tien honderd duizend eerste tweede derde
    två fyra fem sex sju åtta nio tio hundra tusen första andra tredje fire seks syv otte ni ti hundre tusind dwa trzy
    cztery pięć sześć siedem osiem dziewięć dziesięć sto tysiąc pierwszy drugi trzeci dva dvě tři čtyři pět šest sedm
    osm devět deset tisíc první druhý třetí bir iki üç dört beş altı yedi sekiz dokuz yüz bin birinci ikinci üçüncü
    один одна два две три четыре пять шесть семь восемь девять десять сто тысяча первый второй третий четвертый
    одна дві чотири шість сім вісім дев'ять десять тисяча перший другий третій ένα δύο τρία τέσσερα πέντε έξι επτά οκτώ
    εννέα δέκα εκατό χίλια πρώτος δεύτερος τρίτος satu dua tiga empat lima enam tujuh delapan sembilan sepuluh seratus
    seribu pertama kedua ketiga một hai ba bốn năm sáu bảy tám chín mười trăm nghìn""".split()
)
# Beginnings of months and weekdays: endings differ by case and language.
_DATE_STEMS = frozenset(
    """januar februar märz mars april juni juli august septemb oktob novemb dezemb decemb octob january february march
    janvier février avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo
    junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio
    settembre ottobre dicembre janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    januari februari maart mei augustus styczeń styczni luty lutego marzec marca kwiecień kwietni maj maja
    czerwiec czerwca lipiec lipca sierpień sierpni wrzesień wrześni październik listopad grudzień grudni leden
    ledna únor února březen března duben dubna květen květn červen června červenec srpen srpna září říjen října
    prosinec prosince ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık январ феврал
    март апрел мая май июн июл август сентябр октябр ноябр декабр січн лют берез квіт трав черв лип серп верес
    жовт листоп груд ιανουάρ φεβρουάρ μάρτ απρίλ μάι ιούν ιούλ αύγουστ σεπτέμβρ οκτώβρ νοέμβρ δεκέμβρ monday
    tuesday wednesday thursday friday saturday sunday yesterday today tomorrow montag dienstag mittwoch
    donnerstag freitag samstag sonnabend sonntag gestern heute morgen lundi mardi mercredi jeudi vendredi samedi
    dimanche hier aujourd demain lunes martes miércoles jueves viernes sábado domingo ayer hoy mañana lunedì
    martedì mercoledì giovedì venerdì sabato domenica ieri oggi domani segunda-feira terça quarta quinta sexta
    ontem hoje amanhã maandag dinsdag woensdag donderdag vrijdag zaterdag zondag gisteren vandaag måndag tisdag
    onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag poniedział wtorek wtorku środ czwartek
    czwartku piątek piątku sobot niedziel pondělí úterý střed čtvrtek pátek neděl pazartesi salı çarşamba
    perşembe cuma cumartesi pazar понедельник вторник сред четверг пятниц суббот воскресень вчера сегодня завтра
    понеділ вівтор серед четвер п'ятниц субот неділ δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή senin
    selasa rabu kamis jumat sabtu minggu""".split()
)
_STEM_LENGTHS = sorted({len(stem) for stem in _DATE_STEMS})
# Letters of an ending that may follow a stem.
_ENDING = 4
_NEGATIONS = frozenset(
    """not no never none nor neither without cannot nobody nothing isn't aren't wasn't weren't don't doesn't didn't
    won't wouldn't can't couldn't hasn't haven't hadn't shouldn't nicht kein keine keinen keinem keiner nie niemals ohne
    weder nichts niemand pas non jamais sans aucun aucune ni rien personne no nunca jamás sin ningún ninguna ninguno
    tampoco nada nadie mai senza nessun nessuno nessuna niente né não nem sem nenhum nenhuma niet geen nooit zonder inte
    ej aldrig utan ingen inga ikke aldri aldrig uden uten intet ei eivät nie nigdy bez żaden żadna ne není
    nikdy žádný nem soha nélkül niciodată fără değil yok hiç не нет ни никогда без никто ничего нельзя ні немає ніколи
    без нищо никога δεν μη μην όχι ποτέ χωρίς ոչ չէ չի առանց არ არა ვერ לא אין בלי מעולם لا لم لن ليس ليست دون بدون غير
    نه نمی نیست بدون نہیں नहीं न मत बिना নয় না tidak bukan tanpa belum jangan không chẳng chưa ไม่ មិន 아니 않 못 없
    不 没 沒 無 无 未 非 ない ず ぬ なく""".split()
)
# In scripts without spaces a negation is a character.
_NEGATING = frozenset("不没沒無无未非否")
_NEGATING_RUNS = ("ない", "なかっ", "ません", "なく", "ไม่", "មិន")
_RANGES = "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED)
_UNSPACED = re.compile(f"[{_RANGES}]")
_PIECES = re.compile(f"[{_RANGES}]|[^{_RANGES}]+")
# Small words of the languages of which `function_words` has none, since nothing else shares their script; Hiragana
# writes the grammar of Japanese.
_OTHER_SMALL = """的 了 在 和 是 与 對 对 將 将 于 於 从 從 也 都 就 而 及 或 把 被 给 給 向 由 以 其 这 這 那 之 着 著
    过 過 地 得 并 但 等 और का की के में से को है हैं पर यह वह ने भी था थी थे तो ही कि जो कर हो इस उस या"""
_SMALL = frozenset(
    [word for words in WORDS.values() for word in words.split()]
    + _OTHER_SMALL.split()
    + [chr(code) for code in range(0x3041, 0x3097)]
)
# What stands between spaces is remembered up to this length: words with the marks around them.
REMEMBERED_LENGTH = 40
# What a sentence begins behind: a capital letter says nothing there.
_OPENINGS = frozenset(".!?…:;|*•·–—\"'“”„«»‹›‘(")


@dataclass(frozen=True, slots=True)
class Veto:
    """Why two paragraphs are different news: what sort of words differ, and which, in the one and in the other."""

    kind: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass
class Words:
    """The words of a stretch of text, as they are written and case-folded; of scripts without spaces, its characters.

    ``pieces`` are what stands between its spaces.
    """

    pieces: list[str]
    words: list[str]
    folded: list[str]

    @cached_property
    def text(self) -> str:
        """The text, with single spaces."""
        return " ".join(self.pieces)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where the words start and end.  Asked for only of capitals and datelines that differ."""
        spans, end = [], 0
        for word in self.words:
            start = self.text.index(word, end)
            end = start + len(word)
            spans.append((start, end))
        return spans

    def is_name(self, place: int) -> bool | None:
        """Whether its form gives a word away as a name.

        None where form does not tell: where a sentence begins, and in scripts without case.
        """
        letter = self.words[place][0]
        if letter.isupper():
            start = self.spans[place][0]
            before = self.text[max(0, start - 4) : start].rstrip()[-1:]
            return True if before != "" and before not in _OPENINGS else None
        return False if letter.islower() else None

    def ends_dateline(self, count: int) -> bool:
        """Whether the first ``count`` words are a dateline: they close as one does."""
        if not 0 < count < len(self.words) or count > DATELINE_WORDS:
            return False
        between = self.text[self.spans[count - 1][1] : self.spans[count][0]]
        return between.strip(" \"'“„«‘").endswith(DATELINE_ENDS)


def read(pieces: list[str]) -> Words:
    """The words of what stands between the spaces of a text.

    >>> read(["Ferry", "“Elm”,", "外长"]).folded
    ['ferry', 'elm', '外', '长']
    """
    words: list[str] = []
    folded: list[str] = []
    for piece in pieces:
        found = _remembered_words(piece) if len(piece) <= REMEMBERED_LENGTH else _words(piece)
        words += found[0]
        folded += found[1]
    return Words(pieces, words, folded)


def _words(piece: str) -> tuple[list[str], list[str]]:
    words = [match.group() for match in word_matches(piece)]
    if not piece.isascii() and _UNSPACED.search(piece) is not None:
        words = [part for word in words for part in ((word,) if word.isascii() else _PIECES.findall(word))]
    return words, [word.casefold() for word in words]


_remembered_words = lru_cache(maxsize=65536)(_words)


def veto(text: str, other: str) -> Veto | None:
    """What makes two like paragraphs different news; None where they are the same.

    >>> veto("Profit rose to 12 million marks.", "Profit rose to 14 million marks.")
    Veto(kind='number', ours=('12',), theirs=('14',))
    >>> veto("The council voted to rebuild the bridge.", "The council voted not to rebuild the bridge.").kind
    'negation'
    >>> veto("The council voted on it, said Moss.", "The council voted on it, said Fern.").kind
    'name'
    >>> veto("The council voted to rebuild the bridge.", "The council has voted to rebuild the bridge.") is None
    True
    """
    found: dict[str, tuple[list[str], list[str]]] = {}
    for mine, its, is_beginning in _unlike(text, other):
        for side, kind, word in _telling_words(read(mine), read(its), is_beginning):
            found.setdefault(kind, ([], []))[side].append(word)
    for run in () if text.isascii() and other.isascii() else _NEGATING_RUNS:
        if text.count(run) != other.count(run):
            for side, one in enumerate((text, other)):
                found.setdefault(NEGATION, ([], []))[side].extend([run] * one.count(run))
    for kind in (NUMBER, DATE, NEGATION, NAME) if found else ():
        gone, come = found.get(kind, ([], []))
        if sorted(gone) != sorted(come):  # words that only moved say nothing new
            return Veto(kind, tuple(gone[:5]), tuple(come[:5]))
    return None


def _unlike(text: str, other: str) -> Iterator[tuple[list[str], list[str], bool]]:
    """The stretches in which two texts differ, with the piece before and behind, and whether it is their beginning.

    What stands between spaces is compared first, which takes a tenth of the time of finding words.  Stretches of words
    that may differ, whatever stands for them, are not among them.
    """
    ours, theirs = text.split(), other.split()
    stretches: list[list[int]] = []
    for step in Levenshtein.opcodes(ours, theirs):
        if step.tag == "equal":
            continue
        if stretches and step.src_start - 1 <= stretches[-1][1]:
            stretches[-1][1::2] = step.src_end + 1, step.dest_end + 1
        else:
            stretches.append([step.src_start - 1, step.src_end + 1, step.dest_start - 1, step.dest_end + 1])
    for start, end, its_start, its_end in stretches:
        between = *ours[start + 1 : end - 1], *theirs[its_start + 1 : its_end - 1]
        if all(map(_may_differ, between)):
            continue
        mine, its = ours[max(0, start) : end], theirs[max(0, its_start) : its_end]
        yield mine, its, start < 0 and its_start < 0


def _telling_words(words: Words, others: Words, is_beginning: bool) -> Iterator[tuple[int, str, str]]:
    """The telling words in which two stretches differ: whose (0 or 1), of what sort, and which."""
    if words.folded == others.folded:
        return
    for step in Levenshtein.opcodes(words.folded, others.folded):
        if step.tag == "equal":
            continue
        mine, its = range(step.src_start, step.src_end), range(step.dest_start, step.dest_end)
        if is_beginning and not step.src_start and not step.dest_start:
            if not its and words.ends_dateline(len(mine)):
                continue
            if not mine and others.ends_dateline(len(its)):
                continue
        is_replaced = bool(mine and its)
        for side, known, places in ((0, words, mine), (1, others, its)):
            for place in places:
                kind = _kind(known, place, is_replaced)
                if kind is not None:
                    yield side, kind, known.folded[place]


def _kind(words: Words, place: int, is_replaced: bool) -> str | None:
    """What sort of telling word it is; None for one that may differ.

    Where one word stands for another, what may be a name counts as one.
    """
    folded = words.folded[place]
    kind = _telling(folded)
    if kind is not None:
        return kind
    is_name = words.is_name(place)
    return NAME if is_name or (is_name is None and is_replaced and folded not in _SMALL) else None


@lru_cache(maxsize=65536)
def _may_differ(piece: str) -> bool:
    """Whether all words of what stands between two spaces tell nothing, and by their form are no names."""
    words, folded = _words(piece)
    return all(word[0].islower() and _telling(one) is None for word, one in zip(words, folded, strict=True))


@lru_cache(maxsize=65536)
def _telling(folded: str) -> str | None:
    """What sort of telling word it is by itself, wherever it stands."""
    if folded in _NUMBER_WORDS or any(character.isdigit() for character in folded):
        return NUMBER
    if folded in _NEGATIONS or folded.endswith(("n't", "n’t")) or not _NEGATING.isdisjoint(folded):
        return NEGATION
    for length in _STEM_LENGTHS:
        ending = folded[length:]
        if len(ending) <= _ENDING and (not ending or ending.isalnum()) and folded[:length] in _DATE_STEMS:
            return DATE
    return None
