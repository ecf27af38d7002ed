"""What a deploy asks of the host itself: programs, files, systemd, nginx, locks, records. It knows neither Python projects nor Django."""
