import gzip
import time
import tracemalloc
import zlib

import pytest

from integrations.segment import wire

GOOD = b'{"type":"track","event":"\\"],{[","userId":"ada"}'


def test_a_gzip_bomb_is_refused_in_bounded_memory() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(60)) + packer.flush()
    assert len(bomb) < wire.MOST_BYTES

    tracemalloc.start()
    with pytest.raises(wire.Unreadable, match="more than 512000 bytes"):
        wire.unpacked(bomb, "gzip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 3_000_000


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(GOOD)[:-9], b""])
def test_what_is_no_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.unpacked(body, "gzip")


@pytest.mark.parametrize(
    "bad", [b'{"x":NaN}', b"[" * 10_000 + b"]" * 10_000, b'{"x":"\\ud800"}', b'{"x":}', b'{"x" 1}']
)
def test_a_call_that_is_no_json_is_cut_out_of_its_batch(bad: bytes) -> None:
    batch = wire.read_batch(b'{"writeKey" : "k", "batch" : [' + GOOD + b"," + bad + b", " + GOOD + b'], "sentAt":"s"}')

    assert [bytes(call).strip() for call in batch.batch] == [GOOD, bad, GOOD]
    assert (batch.write_key, batch.sent_at) == ("k", "s")


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch":[{"x":NaN}',
        b'{"batch":[{"x":NaN}]',
        b'{"batch":[{"x":NaN}], "sentAt": NaN}',
        b'{"batch":[{"x":"NaN}]}',
        b'{"context":{"batch":[{"x":NaN}]}}',
        b'["batch",[NaN]]',
        b"NaN",
        b"]]]]",
        b'{"batch":' + b"[" * 100_000,
    ],
)
def test_what_has_not_the_shape_of_a_batch_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.read_batch(body)


@pytest.mark.parametrize("body", [b'\\"' * 250_000, b'{"batch":[' + b'"\\' * 250_000, b'{"batch":[' + b"[]," * 160_000])
def test_a_hostile_batch_is_refused_quickly(body: bytes) -> None:
    begun = time.process_time()

    with pytest.raises(wire.Unreadable):
        wire.read_batch(body)

    assert time.process_time() - begun < 10  # quadratic, it would be minutes
