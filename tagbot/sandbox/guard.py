"""Who may talk to the sandbox: programs on this machine and its own page, no other site in a browser here.

A site can have its own name lead to 127.0.0.1, or a form, a picture or a link of its lead there; all of it is
seen by a header, which no site can leave out.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from yarl import URL

OWN_NAMES = ("127.0.0.1", "localhost")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page loads nothing from elsewhere, and no page from elsewhere shows what is here."""


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let a request through only if it was meant for here and comes from here."""
    if not (
        is_ours(request.headers.get("Host", ""), request.headers.get("Origin")) and _is_no_sites(request)
    ):
        return web.json_response({"error": "This page is not of the sandbox."}, status=403)
    try:
        return await handler(request)
    except ConnectionError:  # whoever asked ended in the middle of it, and hears no answer
        return web.Response(status=400)


def is_ours(host: str, origin: str | None) -> bool:
    """By the headers `Host` and `Origin`; programs send no origin. The port may be a tunnel's."""
    try:
        name = URL.build(scheme="http", authority=host).host
    except ValueError:
        return False
    return name in OWN_NAMES and origin in (None, f"http://{host}")


def _is_no_sites(request: web.Request) -> bool:
    """Whether a browser says of a request that this page itself made it, or that somebody typed the page's
    address; programs say nothing.
    """
    made_by = request.headers.get("Sec-Fetch-Site")
    if made_by is not None:
        return made_by == "same-origin" or (
            made_by == "none" and request.method == "GET" and request.path == "/"
        )
    # Older browsers have neither this header nor, for a picture or a link, an origin.
    referrer = request.headers.get("Referer")
    return referrer is None or referrer.startswith(f"http://{request.headers.get('Host')}/")


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """A signal of aiohttp's: what every answer says of itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
