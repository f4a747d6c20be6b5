"""What the index keeps of a product, field by field, and how text becomes words. Whoever changes it raises VERSION."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final
from uuid import UUID

import msgspec
import tantivy
from tantivy import Document, Filter, Index, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from tradewind.kernel.money import Money, exponent
from tradewind.ports.search import ProductDocument

VERSION: Final = 2
"""Of these fields. An index of another version is left alone, and one of this version is built."""
MAX_WORD: Final = 40
MAX_VALUE: Final = 200
"""Characters of an attribute's value that count."""
VALUE_MARK: Final = "="
PRICE_DIGITS: Final = 3
"""Prices are compared in thousandths: no currency has smaller units."""
PRICE_TIE_BITS: Final = 24
TIME_TIE_BITS: Final = 22
RATING_TIE_BITS: Final = 32
RATING_COUNT_BITS: Final = 23
POPULARITY_WEIGHT: Final = 0.02
"""How far popularity lifts a score: a million ratings by 8 %, enough to decide among equals."""
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`](?=\w)")
_INITIALS = re.compile(r"\b(\w)\.\s?(?=\w\b)")
_FIRST_PART = re.compile(r"\s*[(\[:;]")
_UNSAFE = re.compile(r"[^A-Za-z0-9_ -]")
_encode: Final = msgspec.json.Encoder().encode
decode: Final = msgspec.json.Decoder(ProductDocument).decode
"""What was kept of a product, as it was put; without its description."""


def schema() -> Schema:
    """The fields. Those that text is looked for in, those that are filtered and counted by, those that sort."""
    fields = SchemaBuilder()
    fields.add_text_field("id", tokenizer_name="raw", index_option="basic")
    fields.add_bytes_field("shown", stored=True)
    fields.add_text_field("name", tokenizer_name="plain")
    fields.add_text_field("name_stem", tokenizer_name="stem")
    fields.add_text_field("whole", tokenizer_name="raw", index_option="basic")
    fields.add_text_field("makers", tokenizer_name="plain")
    fields.add_text_field("rest", tokenizer_name="stem")
    fields.add_text_field("words", tokenizer_name="plain", index_option="basic")
    fields.add_text_field("category", tokenizer_name="raw", index_option="basic", fast=True)
    fields.add_text_field("attribute", tokenizer_name="raw", index_option="basic")
    fields.add_json_field("attributes", tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("price", "stocked", "mark", "by_price", "by_time", "by_rating"):
        fields.add_unsigned_field(name, indexed=name == "stocked", fast=True)
    fields.add_float_field("weight", fast=True)
    return fields.build()


def _analyzer(*, stemming: bool, longest: int = MAX_WORD) -> TextAnalyzer:
    words = TextAnalyzerBuilder(Tokenizer.regex(r"[\p{L}\p{N}]+")).filter(Filter.lowercase())
    words = words.filter(Filter.ascii_fold()).filter(Filter.remove_long(longest))
    return (words.filter(Filter.stemmer("english")) if stemming else words).build()


PLAIN: Final = _analyzer(stemming=False, longest=2**16)
STEM: Final = _analyzer(stemming=True, longest=2**16)


def with_words(index: Index) -> Index:
    """Let an index that was opened know how text becomes words."""
    index.register_tokenizer("plain", _analyzer(stemming=False))
    index.register_tokenizer("stem", _analyzer(stemming=True))
    return index


def readable(text: str) -> str:
    """Without halves of characters, which nobody can write down."""
    return text.encode("utf-8", "ignore").decode()


def folded(text: str) -> str:
    """As it is split into words: no apostrophes within words, initials in one ("J. R. R. Tolkien", "JRR Tolkien")."""
    return _INITIALS.sub(r"\1", _APOSTROPHES.sub("", readable(text)))


def words(text: str) -> list[str]:
    """Small letters without accents."""
    return PLAIN.analyze(folded(text))


def stem(word: str) -> str:
    """What a word has in common with its other forms."""
    return next(iter(STEM.analyze(word)), word)


def attribute_path(name: str) -> str:
    """Where the values of an attribute are kept; any name is fit."""
    return "attributes." + _UNSAFE.sub(lambda match: f"~{ord(match[0]):x}~", name)


def attribute_value(text: str) -> str:
    """A value as it is kept, cut short. The mark before it keeps the index from taking text for a moment in time, which
    no filter would find again, and which ends the index where there is no such moment."""
    return VALUE_MARK + text[:MAX_VALUE]


def thousandths(price: Money) -> int:
    """A price as it is compared."""
    scaled = price.minor * int(10 ** (PRICE_DIGITS - exponent(price.currency)))
    return min(scaled, (1 << 64 - PRICE_TIE_BITS) - 1)


def mark(product_id: UUID) -> int:
    """A number that stands for the product where a column must hold it, and that decides between equals."""
    return int.from_bytes(blake2b(product_id.bytes, digest_size=8).digest())


def kept(product: ProductDocument) -> Document:
    """A product as the index keeps it."""
    document = tantivy.Document()
    document.add_text("id", product.id.hex)
    document.add_bytes("shown", shown(product))
    _add_text(document, product)
    _add_filters(document, product)
    for field, number in numbers(product).items():
        document.add_unsigned(field, number)
    document.add_float("weight", weight(product))
    return document


def shown(product: ProductDocument) -> bytes:
    """What is kept to be shown; `decode` reads it."""
    return _encode(msgspec.structs.replace(product, description=""))


def weight(product: ProductDocument) -> float:
    """What its popularity weighs."""
    return POPULARITY_WEIGHT * math.log10(1 + max(0, product.popularity))


def numbers(product: ProductDocument) -> dict[str, int]:
    """Its mark, its price, and the keys that it is sorted by."""
    own, price = mark(product.id), thousandths(product.price)
    return {
        "mark": own,
        "price": price,
        "by_price": price << PRICE_TIE_BITS | own & (1 << PRICE_TIE_BITS) - 1,
        "by_time": _moment(product.created_at) << TIME_TIE_BITS | own & (1 << TIME_TIE_BITS) - 1,
        "by_rating": _rated(product) | own & (1 << RATING_TIE_BITS) - 1,
    }


def wholes(product: ProductDocument) -> set[str]:
    """Texts that name the product and nothing else: its name, the first part of it, its SKU."""
    name = folded(product.name)
    return {" ".join(words(one)) for one in (name, _FIRST_PART.split(name, maxsplit=1)[0], product.sku)} - {""}


def maker_forms(product: ProductDocument) -> Iterator[str]:
    """Its makers, with initials in one and as they are written."""
    for maker in product.makers:
        yield from {folded(maker), maker}


def _add_text(document: Document, product: ProductDocument) -> None:
    name = folded(product.name)
    document.add_text("name", name)
    document.add_text("name_stem", name)
    for whole in wholes(product):
        document.add_text("whole", whole)
    for form in maker_forms(product):
        document.add_text("makers", form)
        document.add_text("words", form)
    document.add_text("words", name)
    document.add_text("rest", rest(product))


def rest(product: ProductDocument) -> str:
    """All other text of a product."""
    return folded("\n".join(_rest(product)))


def _rest(product: ProductDocument) -> Iterator[str]:
    yield product.sku
    yield product.description
    yield product.category
    yield from product.categories
    for values in product.attributes.values():
        yield from values


def _add_filters(document: Document, product: ProductDocument) -> None:
    document.add_unsigned("stocked", int(product.available > 0))
    for path in product.categories:
        document.add_text("category", path)
    given = attributes(product)
    for name in given:
        document.add_text("attribute", name)
    if given:
        document.add_json("attributes", {attribute_path(name).partition(".")[2]: given[name] for name in given})


def attributes(product: ProductDocument) -> dict[str, list[str]]:
    """Its attributes that have a value, as they are kept."""
    return {
        name: [attribute_value(value) for value in values if value]
        for name, values in product.attributes.items()
        if name and any(values)
    }


def _moment(at: datetime) -> int:
    return max(0, min(int(at.astimezone(UTC).timestamp() * 1000), (1 << 64 - TIME_TIE_BITS) - 1))


def _rated(product: ProductDocument) -> int:
    count = min(product.rating_count, 2**RATING_COUNT_BITS - 1)
    hundredths = max(0, min(int((product.rating or 0) * 100), 511))
    return (hundredths << RATING_COUNT_BITS | count) << RATING_TIE_BITS
