"""What TikTok asks of a request: an independent reading of docs/tiktok.md. Pure: the time is an argument."""
