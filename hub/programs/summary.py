"""What a program is about, in two sentences at most, made of its rules."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from hub.kit.languages import by_nearness
from hub.kit.money import Money
from hub.programs.expiry import AfterDays, EndOf, Idle, WithPeriod
from hub.programs.model import Multiplier, PerAmount, PerOrders, PerUnit, PerVisit, Program, Rule, Wallet

LONGEST: Final = 400
"""How many characters a sentence has at most."""

_TEENS: Final = (11, 12, 13)
_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "and": " and ",
        "earning": "With {program} you earn {listed}.",
        "amount": "{points} per {money} spent",
        "unit": "{points} per item",
        "visit": "{points} per visit",
        "orders": "{points} with every {every} order",
        "times": "{times} times the {many} from {money}",
        "2": "double {many} from {money}",
        "3": "triple {many} from {money}",
        "pending": "can be used {days} days after the purchase",
        "never": "never expire",
        "after": "expire after {days} days",
        "idle": "expire after {days} days without activity",
        "month": "expire at the end of the month",
        "quarter": "expire at the end of the quarter",
        "year": "expire at the end of the year",
        "later_month": "expire {later} months after the end of the month",
        "later_quarter": "expire {later} quarters after the end of the quarter",
        "later_year": "expire {later} years after the end of the year",
    },
    "de": {
        "and": " und ",
        "earning": "Mit {program} sammeln Sie {listed}.",
        "amount": "{points} je {money} Einkaufswert",
        "unit": "{points} je Artikel",
        "visit": "{points} je Besuch",
        "orders": "{points} mit jeder {every} Bestellung",
        "times": "{times}-mal so viele {many} ab {money}",
        "2": "doppelte {many} ab {money}",
        "3": "dreifache {many} ab {money}",
        "pending": "sind {days} Tage nach dem Kauf einlösbar",
        "never": "verfallen nie",
        "after": "verfallen nach {days} Tagen",
        "idle": "verfallen nach {days} Tagen ohne Aktivität",
        "month": "verfallen zum Monatsende",
        "quarter": "verfallen zum Quartalsende",
        "year": "verfallen zum Jahresende",
        "later_month": "verfallen {later} Monate nach dem Monatsende",
        "later_quarter": "verfallen {later} Quartale nach dem Quartalsende",
        "later_year": "verfallen {later} Jahre nach dem Jahresende",
    },
}


def summary(program: Program, language: str) -> str:
    """Say what a program is about, in the nearest language in which it is said."""
    return " ".join(_sentences(program, by_nearness(program.texts, language)[0]))


def too_long(program: Program, language: str) -> str | None:
    """Say why a program cannot be told in two sentences; None where it can."""
    longest = max(map(len, _sentences(program, language)))
    if longest <= LONGEST:
        return None
    return f"In `{language}` a sentence takes {longest} characters, of {LONGEST} at most: nobody would read it."


def _sentences(program: Program, language: str) -> Sequence[str]:
    words = _WORDS[language]
    rules = [_rule(it, program, language) for it in program.rules.values() if program.wallets[it.wallet].is_told]
    times = [_multiplier(it, program, language) for it in program.multipliers.values()]
    earning = words["earning"].format(program=program.texts[language], listed=_listed([*rules, *times], words["and"]))
    wallets = "; ".join(_wallet(it, language) for it in program.wallets.values() if it.is_told)
    return earning, f"{wallets[0].upper()}{wallets[1:]}."


def _rule(rule: Rule, program: Program, language: str) -> str:
    if language in rule.texts:
        return rule.texts[language]
    words = _WORDS[language]

    def points(count: int) -> str:
        return program.wallets[rule.wallet].called(count, language)

    match rule.gives:
        case PerAmount() as per:
            return words["amount"].format(points=points(per.points), money=_money(per.step, program))
        case PerUnit(count):
            return words["unit"].format(points=points(count))
        case PerVisit(count):
            return words["visit"].format(points=points(count))
        case PerOrders(every, count):
            return words["orders"].format(points=points(count), every=_ordinal(every, language))
    raise ValueError(f"The rule `{rule.name}` has no words.")


def _multiplier(multiplier: Multiplier, program: Program, language: str) -> str:
    if language in multiplier.texts or multiplier.threshold is None:
        return multiplier.texts[language]
    words = _WORDS[language]
    times = f"{multiplier.times:f}"
    wallets = dict.fromkeys(it.wallet for it in program.rules.values() if it.name in multiplier.of)
    return words.get(times, words["times"]).format(
        times=times,
        many=_listed([program.wallets[it].many[language] for it in wallets], words["and"]),
        money=_money(multiplier.threshold.amount, program),
    )


def _wallet(wallet: Wallet, language: str) -> str:
    words = _WORDS[language]
    said = [words["pending"].format(days=wallet.pending_days)] if wallet.pending_days else []
    said.append(_expiry(wallet, words.__getitem__))
    return f"{wallet.many[language]} {_listed(said, words['and'])}"


def _expiry(wallet: Wallet, word: Callable[[str], str]) -> str:
    match wallet.expiry:
        case AfterDays(days):
            return word("after").format(days=days)
        case Idle(days):
            return word("idle").format(days=days)
        case WithPeriod(EndOf() as end_of, later):
            return word(f"later_{end_of}" if later else end_of).format(later=later)
    return word("never")


def _ordinal(number: int, language: str) -> str:
    if language != "en":
        return f"{number}."
    last_two = number % 100
    return f"{number}{'th' if last_two in _TEENS else _ENDINGS.get(number % 10, 'th')}"


def _money(minor: int, program: Program) -> str:
    amount = Money(minor, program.currency).amount
    whole = amount == amount.to_integral_value()
    return f"{amount.quantize(Decimal(1)) if whole else amount:f} {program.currency}"


def _listed(parts: Sequence[str], joined: str) -> str:
    *first, last = parts
    return f"{', '.join(first)}{joined}{last}" if first else last
