"""What a password must be: long, not the address, not one of those that everybody tries first (NIST SP 800-63B)."""

from typing import Final

from tradewind.kernel.errors import Invalid

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1024
MIN_DIFFERENT: Final = 4
"""Different characters, at least: `aaaaaaaaaa` is long and no secret."""
COMMON: Final = frozenset(
    """
    1234567890 12345678910 0123456789 0987654321 9876543210 123456789a 1234567891 123123123123 1q2w3e4r5t 1q2w3e4r5t6y
    1qaz2wsx3edc zaq12wsxcde3 qwertyuiop qwerty1234 qwerty12345 qwerty123456 qwertzuiop azertyuiop asdfghjkl1 asdfghjkl;
    password12 password123 password1234 password12345 passw0rd123 p@ssw0rd123 p@ssword123 mypassword mypassword1
    iloveyou12 iloveyou123 iloveyou1234 letmein123 letmein1234 welcome123 welcome1234 welcome12345 changeme123
    changeme1234 administrator admin12345 admin123456 adminadmin rootrootroot superman123 batman12345 football123
    baseball123 basketball liverpool1 liverpool123 manchester chocolate1 butterfly1 sunshine12 sunshine123 princess12
    princess123 michael123 jennifer123 charlie123 dragon12345 master12345 monkey12345 shadow12345 trustno1trustno1
    abcdefghij abcdefghijk abc1234567 abcd123456 a123456789 aa12345678 q123456789 q1w2e3r4t5 q1w2e3r4t5y6 zxcvbnm123
    correcthorsebatterystaple startrek123 starwars123 whatever123 computer123 internet123 secret12345 summer2024
    summer2025 summer2026 winter2024 winter2025 winter2026 tradewind1 tradewind123 tradewind1234
    """.split()
)


class UnfitPassword(Invalid):
    """The password is too short, too simple, too well known, or your own address."""


def check(password: str, address: str, *, pointer: str = "/password") -> None:
    """Refuse (UnfitPassword) a password that is soon guessed; `pointer` names the field it came in."""
    plain = password.strip().lower()
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UnfitPassword(f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.", pointer=pointer)
    if len(set(plain)) < MIN_DIFFERENT:
        raise UnfitPassword(f"A password has at least {MIN_DIFFERENT} different characters.", pointer=pointer)
    if plain in COMMON:
        raise UnfitPassword("This password is one that everybody tries first.", pointer=pointer)
    if address and plain in (address, address.partition("@")[0], address.partition("@")[2]):
        raise UnfitPassword("Your address is no secret.", pointer=pointer)
