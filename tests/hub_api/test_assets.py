"""Pictures: uploaded once, and fetched by everybody under an address that never shows anything else."""

import base64
from typing import Any

from hub.access.audit import EntryDocument
from hub.access.grants import KeyKind
from hub.wording.pictures import LARGEST_BYTES
from tests.hub_api.conftest import Hub

GIF = b"GIF89a" + bytes([2, 0, 1, 0, 0, 0, 0]) + b";"
UPLOAD = """
mutation ($input: UploadAssetInput!) { uploadAsset(input: $input) {
  __typename
  ... on UploadAssetPayload { isNew asset { url mediaType width height size } }
  ... on UserError { code path message }
} }
"""


async def upload(hub: Hub, key: str, content: bytes, under: str = "k") -> dict[str, Any]:
    asked = {"idempotencyKey": under, "content": base64.b64encode(content).decode()}
    result: dict[str, Any] = (await hub.data(UPLOAD, key, input=asked))["uploadAsset"]
    return result


async def test_a_picture_is_fetched_by_everybody_and_kept_for_good(hub: Hub, admin: str) -> None:
    first = await upload(hub, admin, GIF)
    again = await upload(hub, admin, GIF)
    same = await upload(hub, admin, GIF, under="l")
    path = first["asset"]["url"].removeprefix(hub.settings.public_url)

    fetched = await hub.http.get(path)
    known = await hub.http.get(path, headers={"If-None-Match": fetched.headers["ETag"]})

    assert first == again
    assert (first["isNew"], same["isNew"], same["asset"]) == (True, False, first["asset"])
    assert {name: first["asset"][name] for name in ("mediaType", "width", "height", "size")} == {
        "mediaType": "image/gif",
        "width": 2,
        "height": 1,
        "size": len(GIF),
    }
    assert path.startswith("/a/")
    assert path.endswith(".gif")
    assert (fetched.status_code, fetched.content, fetched.headers["Content-Type"]) == (200, GIF, "image/gif")
    assert fetched.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (known.status_code, known.content) == (304, b"")
    assert (await hub.data("{ assets { url } }", admin))["assets"] == [{"url": first["asset"]["url"]}]
    (entry,) = await EntryDocument.find({"what": "upload asset"}).to_list()
    assert (entry.subject, entry.after) == (path[3:-4], {"size": len(GIF)})


async def test_what_is_not_there_or_has_another_ending_is_not_found(hub: Hub, admin: str) -> None:
    url = (await upload(hub, admin, GIF))["asset"]["url"]
    path = url.removeprefix(hub.settings.public_url)

    answers = [await hub.http.get(it) for it in (path.replace(".gif", ".html"), path[:-4], "/a/x.gif", "/a/..%2Fx")]

    assert [it.status_code for it in answers] == [404, 404, 404, 404]


async def test_the_largest_picture_fits_into_one_request_and_what_is_none_is_refused(hub: Hub, admin: str) -> None:
    largest = GIF[:-1] + bytes(LARGEST_BYTES - len(GIF)) + b";"

    assert (await upload(hub, admin, largest))["asset"]["size"] == LARGEST_BYTES
    refused = await upload(hub, admin, b"<svg/>", under="l")
    assert (refused["code"], refused["path"]) == ("BAD_ASSET", ["input", "content"])
    asked = {"idempotencyKey": "m", "content": "no Base64!"}
    assert (await hub.data(UPLOAD, admin, input=asked))["uploadAsset"]["message"] == "The content is not Base64."


async def test_nobody_uploads_who_may_not_define_anything(hub: Hub) -> None:
    server = await hub.key(KeyKind.SERVER)

    assert await hub.codes(UPLOAD, server, input={"idempotencyKey": "k", "content": ""}) == ["FORBIDDEN"]
