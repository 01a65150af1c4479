"""Workers: a job is claimed under a lease and runs in a child process of its own, so that a stop always works.

`worker` is the loop, `attempt` one job that it holds, `children` its side of the fork server; `forkserver` and `child` are
the other side; `execute` is what a child does with its order, and what `penstock run` does without a server.
"""
