"""Devices: the apps that push reaches, and the mutations `registerDevice` and `unregisterDevice`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.profiles import devices, model
from hub.profiles.devices import Platform
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs
from hub_api.subjects import meant


@strawberry.type
class Device:
    """An app on a device, which push reaches. Its token is shown to nobody."""

    profile_id: strawberry.Private[UUID]
    app: str = strawberry.field(description="Which app.")
    platform: Platform = strawberry.field(description="What it runs on.")
    installation_id: str = strawberry.field(description="Names this installation of the app, whatever its token.")
    name: str | None = strawberry.field(description="What its owner calls the device.")
    last4: str = strawberry.field(description="The end of its token.")
    registered_at: datetime = strawberry.field(description="When its token was registered for the first time.")
    last_seen_at: datetime = strawberry.field(description="When it was last heard from.")

    @classmethod
    def of(cls, device: devices.Device) -> Self:
        """Show a device."""
        return cls(
            profile_id=device.profile_id,
            app=device.app,
            platform=device.platform,
            installation_id=device.installation_id,
            name=device.name,
            last4=device.token[-4:],
            registered_at=device.registered_at,
            last_seen_at=device.last_seen_at,
        )


@strawberry.input
class RegisterDeviceInput:
    """An app on a device, and whose it is from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose; a customer leaves it out, and means themself."
    )
    app: str = strawberry.field(description="Which app, such as its bundle id.")
    platform: Platform = strawberry.field(description="What it runs on.")
    token: str = strawberry.field(description="The FCM token: where push reaches it.")
    installation_id: str = strawberry.field(description="The FCM installation id: it stays while tokens change.")
    name: str | None = strawberry.field(default=None, description="What its owner calls the device.")


@strawberry.input
class UnregisterDeviceInput:
    """An app on a device that push is to reach no more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose; a customer leaves it out, and means themself."
    )
    app: str = strawberry.field(description="Which app.")
    installation_id: str = strawberry.field(description="Which installation of it.")


@strawberry.type
class RegisterDevicePayload:
    """Push goes there from now on, and to nobody else by this token."""

    device: Device = strawberry.field(description="The device as it is kept.")


@strawberry.type
class UnregisterDevicePayload:
    """Push goes there no more."""

    devices: list[Device] = strawberry.field(description="Those that are left, the one heard from last first.")


RegisterDeviceResult: TypeAlias = Annotated[
    RegisterDevicePayload | IdempotencyKeyReused,
    strawberry.union("RegisterDeviceResult", description="What became of `registerDevice`."),
]
UnregisterDeviceResult: TypeAlias = Annotated[
    UnregisterDevicePayload | IdempotencyKeyReused,
    strawberry.union("UnregisterDeviceResult", description="What became of `unregisterDevice`."),
]


@strawberry.type
class DeviceMutations:
    """What changes where push reaches a customer."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def register_device(self, info: Info, input: RegisterDeviceInput) -> RegisterDeviceResult:  # noqa: A002 - the argument's name on the wire
        """Have push reach an app on a device. If the token was another customer's, it is so no more."""
        context = info.context

        async def do() -> Done:
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            device = _device_of(input, profile, context.clock())
            await devices.register(device)
            after = {"app": device.app, "platform": device.platform}
            return Done({"device": str(device.id)}, Change("register device", str(profile.id), None, after))

        try:
            answer = await context.once("registerDevice", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        device_id = UUID(answer["device"])
        found = (await devices.load([device_id])).get(device_id)
        if found is None:
            raise devices.NoSuchDevice
        return RegisterDevicePayload(device=Device.of(found))

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def unregister_device(self, info: Info, input: UnregisterDeviceInput) -> UnregisterDeviceResult:  # noqa: A002 - as above
        """Have push reach an app on a device no more."""

        async def do() -> Done:
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            await devices.unregister(profile.own_ids, input.app, input.installation_id)
            return Done({}, Change("unregister device", str(profile.id), {"app": input.app}))

        try:
            await info.context.once("unregisterDevice", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        profile = await meant(info, input.id, Scope.PROFILE_WRITE)
        left = (await devices.of([profile.own_ids]))[profile.own_ids]
        return UnregisterDevicePayload(devices=[Device.of(it) for it in left])


def _device_of(wanted: RegisterDeviceInput, profile: model.Profile, now: datetime) -> devices.Device:
    return devices.Device(
        profile_id=profile.id,
        app=wanted.app,
        platform=wanted.platform,
        token=wanted.token,
        installation_id=wanted.installation_id,
        name=wanted.name,
        registered_at=now,
        last_seen_at=now,
    )
