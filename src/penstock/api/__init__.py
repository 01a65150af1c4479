"""HTTP and nothing else: every quirk of the wire lives and dies here. Handlers are synchronous; only the edge is not."""
