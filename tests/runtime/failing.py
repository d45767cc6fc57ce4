"""A process of the hub in which all goes wrong that can, each time with a customer's data in the error."""

import asyncio
import gc
import logging

import hub.database
from hub.settings import Settings
from runtime import logs
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import identify, router, said
from tests.runtime.calling import calling

ADA = {"email": "ada@example.com", "phone": "+4930123456", "name": "Ada Lovelace"}


class Quoting(Exception):
    """An error as others make them: its words are the value that it did not like."""

    def __init__(self) -> None:
        super().__init__(f"cannot use {ADA}")


async def fail() -> None:
    raise Quoting


async def main() -> None:
    settings = Settings()
    logs.configure(settings, process="failing")
    async with hub.database.connect(settings) as client, calling(settings, client) as caller:
        await hub.database.use(client, DOCUMENTS)
        await said(identify(userId=ADA["email"], traits={**ADA, "poison": True}))
        working = router()
        for _ in range(5):
            await working.step()  # MongoDB refuses the profile, and the driver quotes it
        await caller.post("/v1/identify", json={"userId": ADA["email"], "traits": {**ADA, "id": {"$ref": 1}}})
        await caller.get("/inbox", params={"q": ADA["email"]})
    forgotten = asyncio.create_task(fail())  # asyncio tells of it when nobody has asked for its error
    await asyncio.wait([forgotten])
    del forgotten
    gc.collect()
    try:
        await fail()
    except Quoting:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    await fail()


if __name__ == "__main__":
    asyncio.run(main())
