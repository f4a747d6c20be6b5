"""A payment provider that moves no money: a process apart, with its own durable ledger and scripted faults.

server       what is asked at which address, and which fault strikes
connection   HTTP/1.1 on one connection, and the ways to misbehave on it
group_commit every wish that waits goes into one transaction
ledger       the books, in SQLite
rules        what may move, pure
settling     what moved, for whoever compares books
faults       the table of scripted faults
challenge    the page on which a buyer proves themselves
notifying    signed notices to the shop
legacy       the legacy gateway: SOAP in front of books of its own
"""
