"""A person whose every trait is marked, and who leaves it wherever the shop takes it, through real HTTP."""

import email
import re
import secrets
from dataclasses import dataclass, field
from email.policy import default
from pathlib import Path
from typing import Any, Final

import httpx2
import phonenumbers

from tests.markets import Market

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,}")


def _phone() -> str:
    while True:
        number = f"+4474{secrets.randbelow(10**8):08}"
        if phonenumbers.is_valid_number(phonenumbers.parse(number)):
            return number


@dataclass
class Marked:
    """What they say of themselves. `marks`: everything that must not be found in the end, by name."""

    market: Market
    mails: Path
    token: str = ""
    user_id: str = ""
    orders: list[str] = field(default_factory=list)
    """Those that are paid and under way."""
    walked: set[tuple[str, str]] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    word: str = field(default_factory=lambda: f"zyx{secrets.token_hex(5)}")

    def __post_init__(self) -> None:
        word = self.word
        self.marks = {
            "name": f"Name{word}",
            "company": f"Company{word}",
            "street": f"Street{word}",
            "second street": f"Lane{word}",
            "e-mail": f"mail{word}@example.org",
            "second e-mail": f"other{word}@example.org",
            "phone": _phone(),
            "card": f"4000{word}",
            "agent": f"Agent{word}",
            "words": f"Words{word}",
            "device": f"device-{word}",
            "review": f"Review{word}",
            "display name": f"Shown{word}",
            "first password": f"first secret {word}",
            "second password": f"second secret {word}",
            "wrong password": f"wrong secret {word}",
            "query": f"Query{word}",
            "said": f"Said{word}",
            "address of the client": f"2001:db8::{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}",
        }

    @property
    def place(self) -> dict[str, str]:
        """Where they live."""
        return {
            "country": "GB", "name": self.marks["name"], "company": self.marks["company"],
            "line1": self.marks["street"], "city": "London", "postalCode": "SW1A 1AA", "phone": self.marks["phone"],
        }  # fmt: skip

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """Ask, with every mark that a request itself carries."""
        headers = {
            "User-Agent": f"{self.marks['agent']}/1.0",
            "X-Forwarded-For": self.marks["address of the client"],
            "Forwarded": f'for="[{self.marks["address of the client"]}]"',
            **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
            **({} if method == "GET" else {"Idempotency-Key": secrets.token_hex(8)}),
            **more.pop("headers", {}),
        }
        self.walked.add((method, path.partition("?")[0]))
        return await self.market.http.request(method, path, json=body, headers=headers, **more)

    async def told(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What the shop answers; anything but a success ends the walk."""
        answer = await self.ask(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.headers.get("content-type") == "application/json" else answer.content

    async def mail(self, about: str) -> str:
        """The code in the newest mail about something."""

        async def look() -> str | None:
            found = [email.message_from_bytes(path.read_bytes(), policy=default) for path in self.mails.glob("*.eml")]
            mine = [one for one in found if one["To"] == self.marks["e-mail"] and about in str(one["Subject"]).lower()]
            mine.sort(key=lambda one: one["Date"].datetime)
            tokens = _TOKEN.findall(str(mine[-1].get_content())) if mine else []
            return max(tokens, key=len) if tokens else None

        code: str = await self.market.sees(look)
        return code

    async def log_in(self, password: str) -> None:
        """Get a token for a password."""
        form = {"grant_type": "password", "username": self.marks["e-mail"], "password": password}
        self.token = ""
        self.token = (await self.told("POST", "/api/v1/auth/token", data=form))["access_token"]
