"""Images, masks and questions as they lie on the disk, one reader a format, and the generated demo. Nothing is judged here."""
