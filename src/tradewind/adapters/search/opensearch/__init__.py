"""The port `search` on OpenSearch: `mapping` says what is kept, `asking` what a text means, `facets` what is counted,
`index` does the rest. Words, synonyms and cursors are those of the embedded adapter.
"""
