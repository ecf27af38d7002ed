"""Role mode: releases in two slots, the switch between them and the way back. It may import from every room but compose."""
