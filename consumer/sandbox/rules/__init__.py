"""What TikTok asks of a request: an independent reading of docs/tiktok.md §1 and §3. Pure: the time is an argument."""
