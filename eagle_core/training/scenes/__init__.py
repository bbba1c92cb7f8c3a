"""Generated training images. No texture, object or product of the demo's."""
