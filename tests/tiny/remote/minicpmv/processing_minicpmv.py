import torch
from transformers.image_processing_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

PATTERN = "(<image>./</image>)"


class MiniCPMVProcessor(ProcessorMixin):
    attributes = ["image_processor", "tokenizer"]
    image_processor_class = "AutoImageProcessor"
    tokenizer_class = "AutoTokenizer"

    def __init__(self, image_processor=None, tokenizer=None):
        super().__init__(image_processor, tokenizer)

    def __call__(self, text, images=None, max_slice_nums=None, use_image_id=None, return_tensors="pt", **kwargs):
        found = self.image_processor(images, max_slice_nums=max_slice_nums, return_tensors=return_tensors)
        rows, bounds = [], []
        for one, sizes in zip(text, found["image_sizes"], strict=True):
            chunks = one.split(PATTERN)
            assert len(chunks) == len(sizes) + 1
            expanded = chunks[0]
            for index, (size, chunk) in enumerate(zip(sizes, chunks[1:], strict=True)):
                expanded += self.image_processor.get_slice_image_placeholder(size, index) + chunk
            ids = torch.tensor(self.tokenizer.encode(expanded), dtype=torch.int32)
            rows.append(ids)
            bounds.append(torch.stack([self.after(ids, "<image>", "<slice>") + 1, self.after(ids, "</image>", "</slice>")], 1))
        length = max(map(len, rows))
        ids = torch.stack([torch.nn.functional.pad(row, (length - len(row), 0)) for row in rows])
        for row, bound in zip(rows, bounds, strict=True):
            bound += length - len(row)
        kept = {key: found[key] for key in ("pixel_values", "image_sizes", "tgt_sizes", "temporal_ids")}
        return BatchFeature({"input_ids": ids, "attention_mask": ids.ne(0), "image_bound": bounds, **kept})

    def after(self, ids, *tokens):
        return torch.isin(ids, torch.tensor(self.tokenizer.convert_tokens_to_ids(list(tokens)))).nonzero()[:, 0]
