"""What is asked of Django itself: settings, checks, migrations, the database. It imports from build and host alone."""
