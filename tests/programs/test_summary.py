"""Row 25: what a program is about, in two sentences at most, made of its rules."""

from hub.programs import language
from hub.programs.summary import summary
from tests.programs.test_program_language import KNOWN
from tests.programs.written import FINCH


def test_row_25_a_program_is_explained_in_two_sentences_in_each_language() -> None:
    program = language.read(FINCH, KNOWN)

    assert summary(program, "en-GB") == (
        "With the Finch Club you earn 1 point per 1 EUR spent, 1 status point per 1 EUR spent, 10 points per visit "
        "and double points from 150 EUR. "
        "Points can be used 14 days after the purchase and expire after 365 days; "
        "status points expire at the end of the year."
    )
    assert summary(program, "de-AT") == (
        "Mit dem Finkenclub sammeln Sie 1 Punkt je 1 EUR Einkaufswert, 1 Statuspunkt je 1 EUR Einkaufswert, "
        "10 Punkte je Besuch und doppelte Punkte ab 150 EUR. "
        "Punkte sind 14 Tage nach dem Kauf einlösbar und verfallen nach 365 Tagen; "
        "Statuspunkte verfallen zum Jahresende."
    )


def test_every_kind_of_rule_and_expiry_has_words() -> None:
    source = (
        FINCH.replace("{after: 365d}", "{idle: 180d, unless: [Order Completed]}")
        .replace("{end_of: year}", "{end_of: quarter, later: 2}")
        .replace("    pending: 14d\n", "")
        .replace("visit: {points: 10}}", "order: {every: 22, points: 1}}")
        .replace("amount: 1.00, points: 1", "amount: 2.50, points: 3", 1)
        .replace("times: 2", "times: 1.5")
    )

    assert summary(language.read(source, KNOWN), "en") == (
        "With the Finch Club you earn 3 points per 2.50 EUR spent, 1 status point per 1 EUR spent, "
        "1 point with every 22nd order and 1.5 times the points from 150 EUR. "
        "Points expire after 180 days without activity; "
        "status points expire 2 quarters after the end of the quarter."
    )


def test_words_that_a_rule_brings_are_taken_as_they_are() -> None:
    written = "visit: {points: 10}, texts: {en: a surprise each day, de: jeden Tag eine Überraschung}}"
    source = FINCH.replace("visit: {points: 10}}", written)

    assert "a surprise each day and double points" in summary(language.read(source, KNOWN), "en")
    assert "jeden Tag eine Überraschung und doppelte" in summary(language.read(source, KNOWN), "de")
