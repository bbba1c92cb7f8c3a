import numpy as np
import torch
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature

PER_IMAGE = ("pixel_values", "image_sizes", "tgt_sizes", "temporal_ids", "skip_image_idx")


class MiniCPMVImageProcessor(BaseImageProcessor):
    """The whole image, and two halves of an image that is larger than ``scale_resolution`` squared."""

    model_input_names = ["pixel_values"]

    def __init__(self, scale_resolution=42, patch_size=14, image_feature_size=4, use_image_id=True, version=4.5, **kwargs):
        super().__init__(**kwargs)
        self.scale_resolution, self.patch_size = scale_resolution, patch_size
        self.image_feature_size, self.use_image_id, self.version = image_feature_size, use_image_id, version

    def halves(self, size):
        return size[0] * size[1] > self.scale_resolution**2

    def get_slice_image_placeholder(self, image_size, image_idx=0, max_slice_nums=None, use_image_id=None):
        features = "<unk>" * self.image_feature_size
        number = f"<image_id>{image_idx}</image_id>" if self.use_image_id else ""
        slices = "\n".join([f"<slice>{features}</slice>"] * 2) if self.halves(image_size) else ""
        return f"{number}<image>{features}</image>{slices}"

    def preprocess(self, images, max_slice_nums=None, temporal_ids=None, return_tensors=None, **kwargs):
        found = {key: [] for key in PER_IMAGE}
        for row in images:
            views = [view for image in row for view in self.views(image)]
            found["pixel_values"].append([self.columns(view) for view in views])
            found["image_sizes"].append([torch.tensor(image.size) for image in row])
            found["tgt_sizes"].append(torch.tensor([[v.height // self.patch_size, v.width // self.patch_size] for v in views]))
            found["temporal_ids"].append([[torch.tensor(-1)] for _ in views])
            found["skip_image_idx"].append([])
        return BatchFeature(found)

    def views(self, image):
        side = self.scale_resolution
        width, height = image.size
        views = [image.resize((side, side))]
        if self.halves(image.size):
            top, bottom = (0, 0, width, height // 2), (0, height // 2, width, height)
            views += [image.crop(half).resize((side, side)) for half in (top, bottom)]
        return views

    def columns(self, view):
        """``(3, patch_size, width * height / patch_size)``, as the published processor lays patches out."""
        pixels = torch.from_numpy(np.asarray(view, dtype=np.float32) / 127.5 - 1).permute(2, 0, 1)
        return torch.cat(pixels.split(self.patch_size, dim=1), dim=2)
