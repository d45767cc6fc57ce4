"""The demo: customers of a small coffee shop who browse, buy, and sometimes leave a checkout behind."""
