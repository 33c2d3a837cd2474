"""What docs/dashboard.md and docs/pictures/dashboard.svg are made of; `scripts/dashboard_page.py` writes them."""
