"""Pictures of mails: those that are stored, and `uploadAsset`."""

import base64
import binascii
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.wording import assets, pictures
from hub.wording.pictures import Picture
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs


@strawberry.type
class Asset:
    """A picture that mails show."""

    url: str = strawberry.field(description="Where everybody can fetch it; it never shows anything else.")
    media_type: str = strawberry.field(description="`image/png`, `image/jpeg`, `image/gif` or `image/webp`.")
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")
    size: int = strawberry.field(description="In bytes.")
    uploaded_at: datetime = strawberry.field(description="When these bytes came for the first time.")

    @classmethod
    def of(cls, asset: assets.Asset, public_url: str) -> Self:
        """Show a picture."""
        return cls(
            url=public_url.rstrip("/") + asset.path,
            media_type=asset.picture.media_type,
            width=asset.picture.width,
            height=asset.picture.height,
            size=asset.size,
            uploaded_at=asset.uploaded_at,
        )


@strawberry.type
class AssetQueries:
    """How pictures are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def assets(self, info: Info) -> list[Asset]:
        """The pictures that were uploaded last, 200 at most."""
        return [Asset.of(it, info.context.settings.public_url) for it in await assets.newest()]


@strawberry.input
class UploadAssetInput:
    """A picture for mails."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    content: str = strawberry.field(description="The bytes in Base64: PNG, JPEG, GIF or WebP of at most 360 KiB.")


@strawberry.type
class UploadAssetPayload:
    """It can be fetched."""

    asset: Asset = strawberry.field(description="The picture.")
    is_new: bool = strawberry.field(description="False where an earlier upload had brought the same bytes.")


@strawberry.type
class BadAsset(UserError):
    """The bytes are no picture that mails can show."""

    @classmethod
    def of(cls, error: pictures.BadAsset) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "content"])


UploadAssetResult: TypeAlias = Annotated[
    UploadAssetPayload | BadAsset | IdempotencyKeyReused,
    strawberry.union("UploadAssetResult", description="What became of `uploadAsset`."),
]


@strawberry.type
class AssetMutations:
    """What brings pictures."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE)])
    async def upload_asset(
        self,
        info: Info,
        input: UploadAssetInput,  # noqa: A002 - its name on the wire
    ) -> UploadAssetResult:
        """Store a picture under the hash of its bytes, where everybody can fetch it."""
        context = info.context

        async def do() -> Done:
            by, key = context.caller.subject, input.idempotency_key
            stored = await assets.upload(_bytes_of(input.content), by=by, key=key, now=context.clock())
            it = stored.asset
            change = Change("upload asset", it.hash, None, {"size": it.size}) if stored.new else None
            answer = {**asdict(it.picture), "hash": it.hash, "size": it.size, "uploaded_at": it.uploaded_at}
            return Done({**answer, "new": stored.new}, change)

        try:
            answer = await context.once("uploadAsset", input, do)
        except pictures.BadAsset as error:
            return BadAsset.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        picture = Picture(*(answer[name] for name in ("ending", "media_type", "width", "height")))
        asset = assets.Asset(answer["hash"], picture, answer["size"], answer["uploaded_at"])
        return UploadAssetPayload(asset=Asset.of(asset, context.settings.public_url), is_new=answer["new"])


def _bytes_of(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise pictures.BadAsset("The content is not Base64.") from None
