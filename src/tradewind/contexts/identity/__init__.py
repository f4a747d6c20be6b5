"""Identity: who somebody is and what they may be asked to show for it. Accounts, sessions, tokens, published keys.

Every edge trusts its tokens by its published keys; nobody asks it per request. It talks to no other context.
"""
