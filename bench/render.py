"""`render`: e-mails a second, against python-liquid and MJML alone on the same text.

A mail of 30 variables with a loop of ten products, as HTML and as plain text, each said to another customer. Ours also
bounds the work; it has everything parsed from the second mail on, as the baseline has. How many a second there are
where the text is derived stands beside: the baseline derives none.
"""

import statistics
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeAlias

from bench.baselines.bare_render import BareMail
from bench.line import SAMPLES, Line
from hub.profiles.model import Channel
from hub.wording import templates
from hub.wording.templates import RenderContext, Template

TURN, TURNS = 25, 30
"""Mails in one turn, and turns in one sample: what else this machine does then falls on all sides alike."""
TRAITS: Final = tuple(f"trait_{number}" for number in range(14))

Render: TypeAlias = Callable[[dict[str, Any]], object]

SUBJECT: Final = "{{ profile.firstName }}, order {{ event.order_id }}"
_PRODUCT: Final = """
    <mj-section background-color="#ffffff">
      <mj-column width="30%"><mj-image src="{{ product.image_url }}" alt="{{ product.name }}"/></mj-column>
      <mj-column width="70%">
        <mj-text font-size="16px"><a href="{{ product.url }}">{{ product.name }}</a></mj-text>
        <mj-text>{{ product.quantity }} x {{ product.price }} {{ event.currency }}</mj-text>
      </mj-column>
    </mj-section>"""
BODY: Final = f"""<mjml>
  <mj-head><mj-attributes><mj-all font-family="Arial, sans-serif"/></mj-attributes></mj-head>
  <mj-body background-color="#f4f4f4">
    <mj-section><mj-column>
      <mj-text font-size="20px">Hello {{{{ profile.firstName }}}} {{{{ profile.lastName }}}},</mj-text>
      <mj-text>your order {{{{ event.order_id }}}} of {{{{ event.value }}}} {{{{ event.currency }}}} is near.</mj-text>
    </mj-column></mj-section>
    {{% for product in event.products %}}{_PRODUCT}
    {{% endfor %}}
    <mj-section><mj-column>
      {"".join(f"<mj-text>{name}: {{{{ profile.{name} | default: '-' }}}}</mj-text>" for name in TRAITS)}
      <mj-divider border-color="#cccccc"/>
      <mj-button href="https://shop.example/orders/{{{{ event.order_id | url_encode }}}}">See the order</mj-button>
      <mj-text align="center"><a href="{{{{ links.preferences }}}}">Preferences</a>
        <a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a></mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>"""

TEXT: Final = f"""Hello {{{{ profile.firstName }}}} {{{{ profile.lastName }}}},

your order {{{{ event.order_id }}}} of {{{{ event.value }}}} {{{{ event.currency }}}} is on its way.
{{% for product in event.products %}}
{{{{ product.quantity }}}} x {{{{ product.name }}}}, {{{{ product.price }}}} {{{{ event.currency }}}}
{{{{ product.url }}}}
{{% endfor %}}
{"".join(f"{name}: {{{{ profile.{name} | default: '-' }}}} " for name in TRAITS)}
https://shop.example/orders/{{{{ event.order_id | url_encode }}}}

Preferences: {{{{ links.preferences }}}}
Unsubscribe: {{{{ links.unsubscribe }}}}"""


async def measure() -> AsyncIterator[Line]:
    """Render the same mails both ways, in turn."""
    ours, baseline, derived = [], [], []
    html = {"en/subject": SUBJECT, "en/body.mjml": BODY}
    whole, without_text = (
        templates.template_of("order", {**html, "en/text": TEXT}),
        templates.template_of("order", html),
    )
    bare = BareMail(SUBJECT, BODY, TEXT)

    def by_us(template: Template) -> Render:
        return lambda it: templates.render(template, Channel.EMAIL, language="en", context=RenderContext(**it))

    for _ in range(SAMPLES):
        sample = _in_turns(by_us(whole), bare.render, by_us(without_text))
        for figures, figure in zip((ours, baseline, derived), sample, strict=True):
            figures.append(figure)
    beside = {"with_derived_text": round(statistics.median(derived))}
    yield Line("render", "messages/s", higher_is_better=True, ours=ours, baseline=baseline, beside=beside)


def _in_turns(*ways: Render) -> list[float]:
    """Tell how many mails a second of CPU are rendered in each way, all of them in turn."""
    mails = [_values(number) for number in range(TURN)]
    seconds = [0.0] * len(ways)
    for _ in range(TURNS):
        for place, render in enumerate(ways):
            begun = time.process_time()
            for values in mails:
                render(values)
            seconds[place] += time.process_time() - begun
    return [TURN * TURNS / it for it in seconds]


def _values(number: int) -> dict[str, Any]:
    product = {"url": "https://shop.example/p?a=1&b=2", "image_url": "https://shop.example/p.png", "quantity": 2}
    products = [{**product, "name": f"Lamp & shade {index}", "price": 9.95 + index} for index in range(10)]
    return {
        "profile": {"firstName": f"Ada {number}", "lastName": "Lovelace", **{name: f"<{name}>" for name in TRAITS}},
        "event": {"order_id": f"A-{number}", "value": 120.5, "currency": "EUR", "products": products},
        "links": {
            "preferences": f"https://hub.example/m/p/{number}",
            "unsubscribe": f"https://hub.example/m/u/{number}",
        },
        "signin": {},
    }
