"""Role mode: releases in two slots, the switch between them and the rollback."""
