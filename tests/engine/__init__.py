"""What ships, in a real container engine: the image, docker-compose.yml, and the unit in a container with systemd."""
