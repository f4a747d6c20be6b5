"""A made-up week in the retailer's format: at least one line for every bucket, and what must come of it."""

from pathlib import Path

from tests.house.tree import REPOSITORY
from tradewind.app.importing.reading import COLUMNS

REAL_WEEK = REPOSITORY.parent / "shared" / "data" / "online_retail_2010-12.csv"
"""One real week; tests that read it say so when it is not there."""
HEADER = ",".join(COLUMNS)
WEEK = f'''{HEADER}
600001,10001,"LAMP, ""BRASS"" ",6,1/3/11 8:26,2.50,501,United Kingdom
600001,10002a,TRAY,4,1/3/11 8:26,1.25,501,United Kingdom
600001,10001,"LAMP, ""BRASS""",2,1/3/11 8:26,2.50,501,United Kingdom
600001,POST,POSTAGE,1,1/3/11 8:26,18,501,United Kingdom
600002,10002A,TRAY,10,1/3/11 9:00,0.99,,France
600002,D,Discount,-1,1/3/11 9:00,0.90,,France
600003,10001,"LAMP, ""BRASS""",1,1/3/11 10:00,2.75,502,EIRE
600003,M,Manual,2,1/3/11 10:00,5.00,502,EIRE
600003,10003,VASE,1,1/3/11 10:00,0,502,EIRE
600003,10009,SPADE,1,1/3/11 10:00,0,502,EIRE
600004,BANK CHARGES,Bank Charges,1,1/3/11 11:00,15,502,EIRE
600005,10001,damages,-5,1/3/11 12:00,0,,United Kingdom
600006,10009,?,-3,1/3/11 12:01,0,,United Kingdom
600007,10001,,56,1/3/11 12:02,0,,United Kingdom
600008,10001,amazon,20,1/3/11 12:03,0,,United Kingdom
600009,10003,VASE,3,1/4/11 9:00,9.99,501,United Kingdom
600009,10001,"LAMP, ""BRASS""",1,1/4/11 9:00,3.10,501,United Kingdom
C600010,10001,"LAMP, ""BRASS""",-3,1/4/11 10:00,2.50,501,United Kingdom
C600010,D,Discount,-1,1/4/11 10:00,1.00,501,United Kingdom
C600011,10001,"LAMP, ""BRASS""",-1,1/4/11 10:05,2.50,503,United Kingdom
C600012,10001,"LAMP, ""BRASS""",-99,1/4/11 10:10,0.01,501,United Kingdom
C600013,POST,POSTAGE,-1,1/4/11 10:15,18,501,United Kingdom
C600013,AMAZONFEE,AMAZON FEE,-1,1/4/11 10:15,1.50,501,United Kingdom
C600014,POST,POSTAGE,-1,1/4/11 10:20,4.41,,United Kingdom
C600014,S,SAMPLES,-1,1/4/11 10:20,12.95,,United Kingdom
C600014,D,Discount,-1,1/4/11 10:20,2.00,,United Kingdom
C600015,10001,"LAMP, ""BRASS""",1,1/4/11 10:25,2.50,501,United Kingdom
A600016,B,Adjust bad debt,1,1/4/11 10:30,11.00,,United Kingdom
600017,10002A,TRAY,1,1/4/11 11:00,1.25,501,United Kingdom
600017,10001,"LAMP, ""BRASS""",0,1/4/11 11:00,2.50,501,United Kingdom
600017,10001,"LAMP, ""BRASS""",1,1/4/11 11:00,-2.50,501,United Kingdom
600017,M,Manual,1,1/4/11 11:00,0,501,United Kingdom
600017,POST,POSTAGE,-1,1/4/11 11:00,1.00,501,United Kingdom
'''
TALLIES = {
    "goods_sold": (8, 28, 7197),
    "goods_given": (1, 1, 0),
    "goods_given_never_priced": (1, 1, 0),
    "shipping": (1, 1, 1800),
    "discounts": (1, -1, -90),
    "fees": (1, 2, 1000),
    "fees_without_price": (1, 1, 0),
    "fees_taken_back": (1, -1, -100),
    "charges_without_goods": (1, 1, 1500),
    "write_offs": (1, -5, 0),
    "write_offs_never_priced": (1, -3, 0),
    "no_price": (1, 20, 0),
    "no_price_no_description": (1, 56, 0),
    "no_quantity": (1, 0, 0),
    "negative_price": (1, 1, -250),
    "returned_goods": (1, -3, -750),
    "returned_goods_unmatched": (2, -100, -349),
    "credited_shipping": (1, -1, -1800),
    "credited_shipping_unmatched": (1, -1, -441),
    "credited_discounts": (1, -1, -100),
    "credited_discounts_unmatched": (1, -1, -200),
    "credited_fees": (1, -1, -150),
    "credited_fees_unmatched": (1, -1, -1295),
    "charges_on_credit_notes": (1, 1, 250),
    "other_documents": (1, 1, 1100),
}
"""Of each bucket: lines, pieces, pence. Counted by hand."""


def written(folder: Path, text: str = WEEK) -> Path:
    """The file that holds `text`."""
    file = folder / "week.csv"
    file.write_bytes(text.encode())
    return file
