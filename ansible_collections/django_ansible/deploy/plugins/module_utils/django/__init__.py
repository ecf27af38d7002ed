"""What is asked of Django itself: settings, checks, migrations, the database."""
