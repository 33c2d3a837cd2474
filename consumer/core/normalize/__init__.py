"""A mapped event → the formats that TikTok asks for (docs/tiktok.md). `event` is the way in."""
