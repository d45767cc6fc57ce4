"""`hub assets`: a picture is brought once, and listed with its address."""

from pathlib import Path

from hub.access.audit import EntryDocument
from hub.database import Database
from tests.runtime.verbs import Verb

GIF = b"GIF89a" + bytes([2, 0, 1, 0, 0, 0, 0]) + b";"


async def test_a_picture_is_brought_once_and_listed(verb: Verb, tmp_path: Path, database: Database) -> None:
    del database
    file = tmp_path / "logo.txt"
    file.write_bytes(GIF)

    assert await verb("assets", "list") == "There is no picture yet."
    address = await verb("assets", "upload", str(file))
    assert await verb("assets", "upload", str(file)) == address

    assert address.startswith("http://127.0.0.1:8000/a/")
    assert await verb("assets", "list") == f"{address} 2 x 1, 14 bytes"
    assert (await verb("assets", "list", "--json"))["assets"] == [{"url": address, "width": 2, "height": 1, "size": 14}]
    assert await EntryDocument.find({"what": "upload asset"}).count() == 1
