"""The language of a text: what settles it, when nobody is believed, and that nothing raises or varies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cleaner import language
from cleaner.cli.documents import explain_command, run_command
from cleaner.function_words import WORDS
from cleaner.ingest.record import Raw
from cleaner.language import MIN_LETTERS, detect, detect_lines, reads_as
from cleaner.pipeline import Cleaner
from cleaner.rulebook.load import load_packs
from cleaner.settings import DETECTORS, Settings, SettingsError
from cleaner.text import scripts

TEXTS = {
    "en": "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter comes.",
    "de": "Der Rat von Ulmen hat am Montag beschlossen, die alte Brücke über den Fluss vor dem Winter zu erneuern.",
    "fr": "Le conseil d’Orme a voté lundi pour que le vieux pont sur la rivière soit rebâti avant l’hiver, dit-on.",
    "es": "El lunes el concejo votó que el viejo puente sobre el río sea rehecho, pero según él no hay dinero.",
    "pt": "A câmara de Olmo votou na segunda-feira pela reconstrução da ponte sobre o rio, que não é mais segura.",
    "it": "Il consiglio di Olmo ha votato lunedì per la ricostruzione del ponte sul fiume, che non è più sicuro.",
    "nl": "De raad van Iep heeft maandag besloten om de oude brug over de rivier voor de winter te laten herbouwen.",
    "sv": "Rådet i Alm beslutade i måndags att den gamla bron över ån ska byggas om före vintern, men inte utan strid.",
    "da": "Rådet i Elm besluttede mandag, at den gamle bro over åen skal bygges op igen, efter at den blev beskadiget.",
    "no": "Rådet i Alm vedtok mandag at den gamle broen over elven skal bygges opp igjen etter at den ble skadet.",
    "is": "Ráðið í Álmi ákvað á mánudag að gamla brúin yfir ána verði endurreist fyrir veturinn, sem er ekki allt.",
    "pl": "Rada w Wiązie zdecydowała w poniedziałek, że stary most nie będzie rozebrany, ale jest to dopiero początek.",
    "cs": "Rada v Jilmu v pondělí rozhodla, že starý most přes řeku bude obnoven ještě před zimou, ale není to jisté.",
    "tr": "Karaağaç meclisi pazartesi günü eski köprünün yeniden yapılması için karar verdi ve bu çok önemli bir adım.",
    "az": "Qarağac şurası bazar ertəsi köhnə körpünün yenidən qurulması üçün qərar verib və bu çox vacib bir addımdır.",
    "id": "Dewan kota memutuskan bahwa jembatan tua itu bisa dibangun kembali karena sudah tidak aman, tapi usai.",
    "vi": "Hội đồng thành phố đã bỏ phiếu vào thứ hai để xây lại cây cầu cũ trên sông và sẽ không chờ đến mùa đông.",
    "ru": "Совет города в понедельник решил, что старый мост через реку будет восстановлен до зимы, но это не всё.",
    "uk": "Рада міста в понеділок вирішила, що старий міст через річку буде відбудовано до зими, але це ще не все.",
    "ar": "قرر مجلس المدينة يوم الاثنين إعادة بناء الجسر القديم على النهر قبل الشتاء بعد أن كان قد أغلق منذ عام.",
    "fa": "شورای شهر روز دوشنبه تصمیم گرفت که پل قدیمی را تا پیش از زمستان دوباره بسازد و این برای مردم مهم است.",
    "he": "מועצת העיר החליטה ביום שני כי הגשר הישן על הנהר ייבנה מחדש לפני החורף, אבל זה לא הכל של העיר.",
    "hi": "नगर परिषद ने सोमवार को कहा कि नदी के पुराने पुल को सर्दी से पहले फिर से बनाया गया है और यह काम जारी है।",
    "hy": "Քաղաքի խորհուրդը երկուշաբթի որոշեց մինչև ձմեռ վերակառուցել գետի վրայի հին կամուրջը։",
    "ka": "ქალაქის საბჭომ ორშაბათს გადაწყვიტა ძველი ხიდის აღდგენა ზამთრამდე.",
    "am": "የከተማው ምክር ቤት ሰኞ ዕለት አሮጌውን ድልድይ እንደገና ለመገንባት ወሰነ።",
    "ja": "市議会は月曜日、川に架かる古い橋を冬までに架け替えることを決めた。",
    "zh": "市议会周一投票决定在冬季来临之前重建河上的旧桥，工程将于五月开始。",
    "ko": "시의회는 월요일에 강 위의 낡은 다리를 겨울 전에 다시 짓기로 결정했다.",
}
HOSTILE = {
    "surrogates": "\ud800\udfff the \udc00 and " * 40,
    "controls": "".join(map(chr, range(32))) * 30 + "the of and to" * 20,
    "one letter": "a" * 1_000_000,
    "one accented letter": "é" * 1_000_000,
    "one mark": "\u0301" * 1_000_000,
    "one sign": "\U0010ffff" * 1_000_000,
    "white space": " \n\t\u2028" * 250_000,
    "one word": "the " * 250_000,
    "apostrophes": "'’" * 500_000,
    "capital dotted i": "İ" * 1_000_000,
    "digits": "0123456789" * 100_000,
    "nothing": "",
}


@pytest.mark.parametrize("code", TEXTS)
def test_each_language_is_told_by_script_or_words_and_never_by_the_slow_detector(code: str) -> None:
    found = detect(TEXTS[code])
    assert found is not None
    assert (found.code, found.by in ("script", "words")) == (code, True)
    assert 0.9 <= found.confidence <= 1


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_never_raises(name: str, detector: str) -> None:
    for declared in (None, "en", "\ud800", "x" * 1000):
        detect(HOSTILE[name], declared, detector)
        detect_lines([HOSTILE[name], "a"], declared, detector)
    reads_as(HOSTILE[name], "en")
    assert sum(scripts(HOSTILE[name]).values()) <= len(HOSTILE[name])


@given(st.text(alphabet=st.characters(), max_size=300), st.none() | st.sampled_from(sorted(TEXTS)))
def test_any_text_gets_a_language_or_none(text: str, declared: str | None) -> None:
    found = detect(text, declared, lambda _: None)
    assert found is None or (len(found.code) == 2 and 0 < found.confidence <= 1)
    assert found == detect(text, declared, lambda _: None)


def test_short_texts_and_texts_without_evidence_abstain() -> None:
    assert detect("The council of Elm voted") is None
    assert detect("12:30 – 14:00, 100 %") is None
    assert detect("") is None
    assert sum(scripts("The council of Elm voted").values()) < MIN_LETTERS


def test_an_unsure_detector_is_not_believed_nor_one_that_small_words_contradict() -> None:
    names = "Ankara Istanbul Mersin Adana Bursa Izmir Antalya Konya Kayseri Samsun Trabzon"
    assert detect(names, detector=lambda _: ("tr", 0.5)) is None
    assert detect(names, detector=lambda _: ("ru", 1.0)) is None  # not written in Latin letters

    def danish(_: str) -> tuple[str, float]:
        return "da", 1.0

    found = detect(names, detector=danish)
    assert found is not None
    assert (found.code, found.by) == ("da", "danish")


def test_small_words_that_are_ahead_without_settling_it_silence_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Bridge harbour minister would council ferry region winter who treaty market."
    monkeypatch.setattr(language, "_langdetect", lambda _: ("af", 1.0))
    assert language._by_words(text, "Latin") == ("en", 2)
    assert detect(text) is None
    monkeypatch.setattr(language, "_langdetect", lambda _: ("en", 1.0))
    found = detect(text)
    assert found is not None
    assert (found.code, found.by) == ("en", "langdetect")


def test_a_declared_language_counts_where_the_text_does_not_contradict_it() -> None:
    def by(text: str, declared: str) -> tuple[str, str]:
        found = detect(text, declared)
        assert found is not None
        return found.code, found.by

    assert by("12:30", "de") == ("de", "declared")
    assert by("Ulmen, Montag", "de-AT") == ("de", "declared")
    assert by(TEXTS["de"], "en") == ("de", "words")
    assert by(TEXTS["hy"], "en") == ("hy", "script")
    assert by(TEXTS["ru"], "en") == ("ru", "words")
    # a language that the lists do not know may look like one that they know
    assert by(TEXTS["da"], "fo") == ("fo", "declared")


def test_letters_give_away_what_langdetect_takes_for_a_neighbour() -> None:
    found = detect(TEXTS["az"], detector="langdetect")
    assert found is not None
    assert found.code == "az"

    def macedonian(_: str) -> tuple[str, float]:
        return "mk", 1.0

    found = detect("Савет града: мост кући опет водити, ћерка ковача, ноћ, свећа", detector=macedonian)
    assert found is not None
    assert found.code == "sr"


def test_one_paragraph_in_another_language_does_not_outvote_the_rest() -> None:
    lines = [
        TEXTS["en"],
        "Work is to begin in May, and the bridge is to open to traffic two years later, the mayor said.",
        "She had not seen what they would do about it until their first meeting with him in the town hall.",
        TEXTS["de"] * 50,
    ]
    found = detect_lines(lines)
    assert found is not None
    assert found.code == "en"


def test_answers_are_the_same_in_every_process() -> None:
    program = (
        "import sys; from cleaner.language import detect\n"
        "for text in sys.stdin.read().split('\\0'):\n"
        "    print(detect(text), detect(text, detector='langdetect'), detect(text[:60]))\n"
    )
    texts = "\0".join(TEXTS[code] for code in ("en", "da", "no", "cs", "az", "uk"))

    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-c", program]
        return subprocess.run(
            command, input=texts.encode(), env=environment, capture_output=True, check=True
        ).stdout.decode()

    assert run("1") == run("2")


@pytest.mark.parametrize("detector", DETECTORS)
def test_no_network_is_used(detector: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection")

    language._factory.cache_clear()
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = detect(TEXTS["en"], detector=detector)
    assert found is not None
    assert (found.code, found.by) == ("en", detector)


def test_every_language_of_a_rule_pack_is_in_the_lists_or_settled_by_script() -> None:
    languages = {language for pack in load_packs() for rule in pack.rules for language in rule.languages} - {"*"}
    assert languages - set(WORDS) - set(language._BY_SCRIPT.values()) == {"zh"}


def test_small_words_are_in_the_form_in_which_text_is_split() -> None:
    for words in WORDS.values():
        for word in words.split():
            assert word == word.lower()
            assert "'" not in word and "’" not in word


def test_a_paragraph_reads_as_its_own_language_and_not_as_another() -> None:
    for code in ("en", "de", "fr", "es", "ru", "hy", "ja"):
        assert reads_as(TEXTS[code], code)
        assert not any(reads_as(TEXTS[code], other) for other in ("en", "de", "fr", "ru", "hy", "ja") if other != code)


def test_clean_rows_say_who_told_the_language_and_how_surely() -> None:
    text = TEXTS["en"] + "\n" + TEXTS["en"].replace("council", "mayor") + "\n"
    for detector in DETECTORS:
        cleaner = Cleaner(Settings(detector=detector))
        document = cleaner.document(Raw(id="a", source="a", text=text))
        assert (document.language, document.language_by) == ("en", detector)
        assert document.language_confidence is not None
        assert document.language_confidence > 0.9
    unknown = cleaner.document(Raw(id="a", source="a", text="12:30"))
    assert (unknown.language, unknown.language_by, unknown.language_confidence) == (None, None, None)


def test_an_unknown_detector_is_refused() -> None:
    with pytest.raises(SettingsError, match="detector: 'guess' is none of words, langdetect"):
        Settings(detector="guess")


def test_run_and_explain_take_the_detector() -> None:
    for command in (run_command, explain_command):
        assert "--detector [words|langdetect]" in CliRunner().invoke(command, ["--help"]).output
