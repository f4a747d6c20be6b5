"""The auditor: written apart from the shop, it trusts tables and the provider's ledger, and no code that wrote them.

Nothing here imports a context. See docs/decisions/0011-one-auditor-apart.md.
"""

from tradewind.app.audit.auditor import audit
from tradewind.app.audit.report import Check, Report

__all__ = ["Check", "Report", "audit"]
