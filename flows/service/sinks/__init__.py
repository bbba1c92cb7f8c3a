"""Where judged parts are reported to, one file each. None of them judges or keeps anything."""
