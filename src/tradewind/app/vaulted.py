"""Settings that are kept in a Vault, where the owner names one: read before all others, and never shown."""

from collections.abc import MutableMapping

from tradewind.app.profiles import fill, is_setting
from tradewind.app.settings import SettingError, Settings

URL = "TRADEWIND_VAULT_URL"
OWN = "TRADEWIND_VAULT_"
"""Settings that say where the others are, and so are not among them."""


def apply(environment: MutableMapping[str, str]) -> None:
    """Set what the Vault holds where the environment says nothing. Raises SettingError, and changes nothing then."""
    where = Settings.of_a_vault(environment)
    if where is None:
        return
    from tradewind.adapters.secrets.vault import VaultError, read

    try:
        found = read(*where)
    except VaultError as reason:
        raise SettingError(str(reason)) from None
    for name in found:
        if not is_setting(name) or name.startswith(OWN):
            raise SettingError(f"The secret {where[2]} of the Vault: {name} is no setting that can be there")
    fill(environment, found)
