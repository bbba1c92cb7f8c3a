"""The demo data: seeded, generated, the same bytes on every machine (design: section 6).

Six categories of 224 x 224 RGB images in MVTec-AD's layout, three textures and three objects, with defects of
known kind, place and strength. A stand-in for real data: it shows that the machinery works and nothing about
accuracy on real products.
"""

from eagle_core.data.demo.manifest import verify_demo
from eagle_core.data.demo.plan import SCENES_FILE
from eagle_core.data.demo.scenes_file import load_scenes
from eagle_core.data.demo.writer import generate_demo

__all__ = ["SCENES_FILE", "generate_demo", "load_scenes", "verify_demo"]
