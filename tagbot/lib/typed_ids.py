"""The id of a person, as it is typed or pasted where a command asks for one."""

import re

AROUND = "\"'`"

ACCOUNT = re.compile(r"<?@?([UW][A-Z0-9]{0,30})(\|[^>]*)?>?", re.IGNORECASE)
"""An account's id as it is typed, or copied from a mention, which may have the name behind it."""

OWN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

SHORTEST_WITHOUT_DIGITS = 9
"""Letters of an account's id at Slack; of fewer, all capitals, a name may consist as well."""


def without_quotes(text: str) -> str:
    """The text without the quotes that stand around it."""
    return text.strip().strip(AROUND).strip()


def ids_meant(text: str) -> list[str]:
    """The ids that a text may be: as it stands, then as Slack or we would write it."""
    bare = without_quotes(text)
    forms = [text.strip(), bare]
    if found := ACCOUNT.fullmatch(bare):
        forms.append(found[1].upper())
    if OWN_ID.fullmatch(bare):
        forms.append(bare.lower())
    return [each for each in dict.fromkeys(forms) if each]


def account_meant(text: str) -> str | None:
    """The Slack id that a text is, also that of an account which nobody knows here; None for what may be a
    name.
    """
    bare = without_quotes(text)
    found = ACCOUNT.fullmatch(bare)
    if found is None:
        return None
    account = found[1].upper()
    is_long = found[1] == account and len(account) >= SHORTEST_WITHOUT_DIGITS
    is_no_name = bare[0] in "<@" or is_long or any(each.isdigit() for each in account)
    return account if is_no_name else None
