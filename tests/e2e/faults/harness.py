"""Operators that are killed at their writes; run inside the cluster, in a pod made from the operator's own.

    LANES='[{"lane": "NAMESPACE", "fault": "killed before the write", "every": 1}, …]' python harness.py

Each lane is a namespace with an operator of its own: a process of `slipway` behind a proxy (proxy.py) that ends it with
SIGKILL where the lane's schedule says so. Processes are forked from one that has imported everything, so that a new
operator works within a fraction of a second. Every write becomes a line of JSON; the operators' logs are among them.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import ssl
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import aiohttp
import killable
from aiohttp import web
from proxy import Fault, Proxy, Schedule

CREDENTIALS = Path("/var/run/faults")
FIRST_PORT = 18001
FORKED: ForkServerContext = multiprocessing.get_context("forkserver")


@dataclass
class Lane:
    """The operator of one namespace, and the proxy that it speaks through."""

    namespace: str
    port: int
    proxy: Proxy
    process: BaseProcess | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Start an operator, and notice when it ends by itself."""
        process = FORKED.Process(target=killable.operator, args=(self.namespace, self.port), daemon=True)
        process.start()
        self.process, self.ended = process, asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end, process, self.ended)

    async def kill(self) -> None:
        """SIGKILL the operator and start another."""
        killed, self.process = self.process, None
        assert killed is not None
        killed.kill()
        await self.ended.wait()
        self.start()

    def _end(self, process: BaseProcess, ended: asyncio.Event) -> None:
        asyncio.get_running_loop().remove_reader(process.sentinel)
        process.join()
        if process is self.process:
            self.proxy.say(ended=process.exitcode)
        ended.set()


async def lane(number: int, asked: dict[str, Any], session: aiohttp.ClientSession) -> Lane:
    """Begin one lane."""
    schedule = Schedule(Fault(asked.pop("fault")), **{k: v for k, v in asked.items() if k != "lane"})
    api = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    proxy = Proxy(asked["lane"], api, identity, session, schedule, kill=_not_yet)
    made = Lane(asked["lane"], FIRST_PORT + number, proxy)
    proxy.kill = made.kill
    application = web.Application(client_max_size=16 * 2**20)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", made.port).start()
    made.start()
    return made


async def _not_yet() -> None:
    raise AssertionError("a lane is killed before it began")


def identity() -> dict[str, str]:
    """The operator's account; its token is renewed from time to time."""
    return {"Authorization": f"Bearer {(CREDENTIALS / 'token').read_text()}"}


async def main() -> None:
    """Run every lane until the pod goes."""
    trusted = ssl.create_default_context(cafile=str(CREDENTIALS / "ca.crt"))
    connector, unhurried = aiohttp.TCPConnector(limit=0, ssl=trusted), aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=unhurried) as session:
        lanes = [await lane(n, asked, session) for n, asked in enumerate(json.loads(os.environ["LANES"]))]
        lanes[0].proxy.say(begun=len(lanes))
        await asyncio.Event().wait()


if __name__ == "__main__":
    FORKED.set_forkserver_preload(["killable"])
    asyncio.run(main())
