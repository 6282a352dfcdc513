"""AppHome: a member opens the app's Home, which is drawn for them."""

from typing import Any

from slack_bolt import App

from tagbot.services import Services


def register(app: App, services: Services) -> None:
    """Have it drawn soon: Slack was acknowledged before."""

    @app.event("app_home_opened")
    def app_home(event: dict[str, Any]) -> None:
        opened = parse(event)
        if opened is not None:
            services.homes.opened(*opened)


def parse(event: dict[str, Any]) -> tuple[str, str] | None:
    """The member, and Slack's mark of what their Home shows; None where they opened the other tab."""
    if event.get("tab", "home") != "home":
        return None
    return str(event["user"]), str((event.get("view") or {}).get("hash") or "")
