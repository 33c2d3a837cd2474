"""`run --workers N`: processes of the group, each a whole service, under a small supervisor.

The supervisor reads no records. It starts the workers, starts one again that died, and serves one HTTP port for all.
`shares` and `aggregate` are pure; `process` is a worker as the supervisor sees it, `worker` is what runs in it.
"""
