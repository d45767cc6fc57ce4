"""Programs as they are written in these tests."""

FINCH = """\
program: finch-club
texts: {en: the Finch Club, de: dem Finkenclub}
zone: Europe/Berlin
currency: EUR
wallets:
  - wallet: points
    kind: spendable
    one: {en: point, de: Punkt}
    many: {en: points, de: Punkte}
    expires: {after: 365d}
    pending: 14d
  - wallet: status
    kind: qualifying
    one: {en: status point, de: Statuspunkt}
    many: {en: status points, de: Statuspunkte}
    expires: {end_of: year}
rules:
  - rule: base
    wallet: points
    per: {amount: 1.00, points: 1, tax: before, discount: after, shipping: before, round: down, by: order}
  - rule: status
    wallet: status
    per: {amount: 1.00, points: 1, tax: before, discount: after, shipping: before, round: down, by: order}
  - {rule: visit, wallet: points, visit: {points: 10}}
multipliers:
  - multiplier: big-basket
    times: 2
    of: [base]
    from: {amount: 150.00, tax: after, discount: after, shipping: before}
"""
"""A program of two wallets, with double points from 150 euros."""
