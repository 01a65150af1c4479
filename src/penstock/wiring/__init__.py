"""The only place where a port meets its adapter: `engines` by name, what `jobs` run with, `places` of an installation; `worker`
and `server` put processes together. Nothing is imported here: a worker has no use for the libraries of its jobs."""
