"""A mapped event → the formats that TikTok asks for (docs/tiktok.md §2). `event` is the way in."""
