"""`run --workers N`: processes of the group, each a whole service, under a small supervisor.

The supervisor reads no records. It starts the workers, starts one again that died, and serves one HTTP port for all.
`shares`, `totals`, `joining`, `frames` and `restarting` are pure; `worker` is what runs in a worker.
"""
