"""Models with tensors alone as arguments and results, as exporters want them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from torch import Tensor, nn


class Encoder(nn.Module):
    """BERT and its like: all states, and the pooled one where there is one."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).to_tuple()


class Decoder(nn.Module):
    """GPT-2 and its like: scores of the next token."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).logits


class EncoderDecoder(nn.Module):
    """T5 and BART: scores of the next token of the decoder's side."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, decoder_input_ids: Tensor
    ) -> Tensor:
        return self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            decoder_input_ids=decoder_input_ids,
            use_cache=False,
        ).logits


class Vision(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        return self.model(pixel_values=pixel_values).to_tuple()


class Layers(nn.Module):
    """nn.TransformerEncoder with its mask of padding (true: excluded)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor, padding: Tensor) -> Tensor:
        return self.model(states, src_key_padding_mask=padding)


class Lstm(nn.Module):
    """nn.LSTM with its states as arguments and results of their own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor, h0: Tensor, c0: Tensor) -> tuple[Tensor, ...]:
        result, (h, c) = self.model(states, (h0, c0))
        return result, h, c


class Gru(nn.Module):
    """nn.GRU with its state as an argument and a result of its own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor, h0: Tensor) -> tuple[Tensor, ...]:
        return self.model(states, h0)
