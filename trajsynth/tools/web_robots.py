"""What a site's robots.txt lets programs read, asked for once an hour and site.

Level 2. Tests: tests/tools/test_tools_web.py.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.robotparser import RobotFileParser

from trajsynth.tools.web_address import WebError, WebUrl
from trajsynth.tools.web_client import AGENT, GuardedClient
from trajsynth.tools.web_page import decoded

KEPT_SITES = 2000
KEPT_SECONDS = 3600.0
PATIENCE = 10.0
"""Seconds a robots.txt may take."""


class Robots:
    """The rules of sites, fetched by the same guarded client as their pages."""

    def __init__(self, client: GuardedClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._known: OrderedDict[str, tuple[float, RobotFileParser]] = OrderedDict()

    async def check(self, url: WebUrl) -> None:
        """Raises WebError where the rules close a page. No robots.txt, or none that can be had, closes nothing but a
        server's own fault (5xx), which closes the site for the moment (RFC 9309)."""
        if url.rest == "/robots.txt":
            return
        rules = await self._rules(url)
        if not rules.can_fetch(AGENT, str(url)):
            raise WebError(f"The robots.txt of {url.host} closes this page to programs; look for another source.")

    async def _rules(self, url: WebUrl) -> RobotFileParser:
        known = self._known.get(url.origin)
        if known is not None and self._clock() - known[0] < KEPT_SECONDS:
            self._known.move_to_end(url.origin)
            return known[1]
        rules = await self._fetched(url)
        self._known[url.origin] = (self._clock(), rules)
        self._known.move_to_end(url.origin)
        while len(self._known) > KEPT_SITES:
            self._known.popitem(last=False)
        return rules

    async def _fetched(self, url: WebUrl) -> RobotFileParser:
        rules = RobotFileParser()
        lines: list[str] = []
        try:
            page = await self._client.get(WebUrl(url.scheme, url.host, url.port, "/robots.txt"), PATIENCE)
        except WebError:
            rules.parse(lines)  # fetching the page itself will say what is wrong
            return rules
        except TimeoutError:
            raise WebError(f"{url.host} does not answer in time.", transient=True) from None
        if page.status >= 500:
            raise WebError(f"{url.host} cannot say what programs may read (HTTP {page.status}).", transient=True)
        if page.status == 200:
            lines = decoded(page, html=False).splitlines()
        rules.parse(lines)
        return rules
