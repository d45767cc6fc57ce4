"""How often, and at which hours, a customer may be told something that nobody is obliged to tell them."""
