"""Functions of the field that Penstock does not offer, each with what to use instead."""

_LIST = "it goes by a list of search engines of 2008. Use HostExtractor for the host, SearchQuery for the words of the query"

REFUSED: dict[str, str] = {
    "LookupInFiles": "it reads files of the cluster while records pass. Read the file with a source and join it",
    "SearchEngineExtractor": _LIST,
    "SearchTermExtractor": _LIST,
    "AliasBagFields": "names inside a bag are the business of what reads it. Use positions such as bag.$0, or a Select",
    "ApplyQuantile": "it needs quantiles of another job. Use Quantile, and CASE to place a value among them",
    "WilsonBinConf": "statistics of that kind are not part of the language. Write the formula with SQRT and arithmetic",
    "PageRank": "it walks a graph across all records. Compute it outside of a package",
    "FLATTEN": "it makes several records of one, which an expression cannot. Set 'flatten' in the field of a Select",
}
"""Name to the reason and the way out; a sentence without its end."""
