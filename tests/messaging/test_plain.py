"""The text that is derived from an HTML mail reads like one that a person wrote."""

from hub.wording import plain

MAIL = """
<mjml>
  <mj-head><mj-title>Title</mj-title><mj-style>a { color: red }</mj-style></mj-head>
  <mj-body>
    <mj-section><mj-column>
      <mj-image src="https://shop.example/logo.png" alt="The Shop" href="https://shop.example"/>
      <mj-image src="https://shop.example/line.png"/>
      <mj-text>
        <h1>Hello   Ada &amp; Bob</h1>
        <p>Your cart <b>waits</b>.<br/>It holds:</p>
        <ul><li>A lamp</li><li>A <a href='https://shop.example/?a=1&amp;b=2'>blue &lt;hat&gt;</a></li></ul>
      </mj-text>
      <mj-table><tr><td>Lamp</td><td>9.95</td></tr><tr><td>Hat</td><td>5.00</td></tr></mj-table>
      <mj-divider/>
      <mj-button href="https://shop.example/cart">To the <b>cart</b></mj-button>
      <mj-raw><style>p { color: red }</style><!-- <p>nothing</p> --></mj-raw>
      <mj-text><a href="https://shop.example/x">https://shop.example/x</a> <a href="mailto:a@shop.example"/></mj-text>
      <mj-text><a href="mailto:us@shop.example"></a></mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>
"""


def test_the_text_of_a_mail_is_what_it_says_and_where_its_links_lead() -> None:
    assert (
        plain.text_of(MAIL)
        == """The Shop (https://shop.example)

Hello Ada & Bob

Your cart waits.
It holds:

- A lamp
- A blue <hat> (https://shop.example/?a=1&b=2)

Lamp 9.95
Hat 5.00

----------

To the cart (https://shop.example/cart)

https://shop.example/x

mailto:us@shop.example"""
    )


def test_a_mail_that_shows_nothing_has_no_text() -> None:
    assert plain.text_of("<mjml><mj-body></mj-body></mjml>") == ""
