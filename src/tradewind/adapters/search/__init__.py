"""The port `search`: `tantivy` keeps the index in a folder of the home, and answers within the process that asks.

`fields` says what is kept of a product, `asking` what a text means, `synonyms` what else it may mean, `facets` what is
counted, `pages` where a page begins, `folder` which of several builds of the index counts.
"""
