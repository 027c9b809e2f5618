"""`slipway timeline`: the seconds of each phase."""

from __future__ import annotations

import click

from slipway.cli import options
from slipway.cli.session import ReleaseKey, on_cluster, read_release, read_revisions
from slipway.cli.view import CONSOLE, timeline
from slipway.cluster.port import Cluster


@click.command()
@options.key
def command(key: ReleaseKey) -> None:
    """Show how long each phase of each revision took. A phase that has not ended counts until now."""

    async def show(cluster: Cluster) -> None:
        await read_release(cluster, key)
        CONSOLE.print(timeline(await read_revisions(cluster, key)))

    on_cluster(show)
