"""Ten families of models with random weights: how to make each, what it takes, what it contains."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
import transformers as hf
from torch import Tensor, nn
from wrappers import Decoder, Encoder, EncoderDecoder, Gru, Layers, Lstm, Vision

Inputs = dict[str, Tensor]
VOCABULARY = 61
HIDDEN = 32
HEADS = 4
LAYERS = 2


@dataclasses.dataclass(frozen=True)
class Family:
    """make gives the model for an implementation of attention ("eager", "sdpa"), inputs its
    arguments for a batch and a length; axes names the sizes that a dynamic export leaves open.
    attentions and recurrences (one a layer and direction) are what Fovea must find."""

    name: str
    make: Callable[[str], nn.Module]
    inputs: Callable[[int, int], Inputs]
    axes: dict[str, dict[int, str]]
    outputs: tuple[str, ...]
    attentions: int = 0
    recurrences: int = 0


def _tokens(batch: int, length: int) -> Tensor:
    return torch.randint(0, VOCABULARY, (batch, length))


def _lengths(batch: int, length: int) -> Tensor:
    """How much of each row counts: all of the first, at least one token of every other."""
    lengths = torch.randint(1, length + 1, (batch, 1))
    lengths[0] = length
    return lengths


def _mask(batch: int, length: int) -> Tensor:
    return (torch.arange(length) < _lengths(batch, length)).long()


def _text(batch: int, length: int) -> Inputs:
    return {"input_ids": _tokens(batch, length), "attention_mask": _mask(batch, length)}


def _two_texts(batch: int, length: int) -> Inputs:
    target = length // 2 + 2
    return _text(batch, length) | {"decoder_input_ids": _tokens(batch, target)}


def _image(batch: int, length: int) -> Inputs:
    del length  # The size of the images is a part of the model.
    return {"pixel_values": torch.randn(batch, 3, 16, 24)}


def _states(batch: int, length: int) -> Inputs:
    padding = torch.arange(length) >= _lengths(batch, length)
    return {"states": torch.randn(batch, length, HIDDEN), "padding": padding}


def _recurrent(names: tuple[str, ...]) -> Callable[[int, int], Inputs]:
    """Arguments of a model of LAYERS layers in both directions."""

    def inputs(batch: int, length: int) -> Inputs:
        states = {"states": torch.randn(batch, length, HIDDEN // 2)}
        return states | {name: torch.randn(2 * LAYERS, batch, HIDDEN) for name in names}

    return inputs


def _bert(attention: str) -> nn.Module:
    config = hf.BertConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, intermediate_size=2 * HIDDEN, max_position_embeddings=64,
        attn_implementation=attention,
    )  # fmt: skip
    return Encoder(hf.BertModel(config))


def _distilbert(attention: str) -> nn.Module:
    config = hf.DistilBertConfig(
        vocab_size=VOCABULARY, dim=HIDDEN, n_layers=LAYERS, n_heads=HEADS,
        hidden_dim=2 * HIDDEN, max_position_embeddings=64, attn_implementation=attention,
    )  # fmt: skip
    return Encoder(hf.DistilBertModel(config))


def _gpt2(attention: str) -> nn.Module:
    config = hf.GPT2Config(
        vocab_size=VOCABULARY, n_positions=64, n_embd=HIDDEN, n_layer=LAYERS, n_head=HEADS,
        bos_token_id=0, eos_token_id=0,
        attn_implementation=attention,
    )  # fmt: skip
    return Decoder(hf.GPT2LMHeadModel(config))


def _llama(attention: str) -> nn.Module:
    config = hf.LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=2 * HIDDEN,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=HEADS // 2,
        max_position_embeddings=64, attn_implementation=attention,
    )  # fmt: skip
    return Decoder(hf.LlamaForCausalLM(config))


def _t5(attention: str) -> nn.Module:
    config = hf.T5Config(
        vocab_size=VOCABULARY, d_model=HIDDEN, d_kv=HIDDEN // HEADS, d_ff=2 * HIDDEN,
        num_layers=LAYERS, num_heads=HEADS, relative_attention_num_buckets=8,
        relative_attention_max_distance=20, feed_forward_proj="gated-gelu",
        attn_implementation=attention,
    )  # fmt: skip
    return EncoderDecoder(hf.T5ForConditionalGeneration(config))


def _bart(attention: str) -> nn.Module:
    config = hf.BartConfig(
        vocab_size=VOCABULARY, d_model=HIDDEN, encoder_layers=LAYERS, decoder_layers=LAYERS,
        encoder_attention_heads=HEADS, decoder_attention_heads=HEADS,
        encoder_ffn_dim=2 * HIDDEN, decoder_ffn_dim=2 * HIDDEN, max_position_embeddings=64,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
        attn_implementation=attention,
    )  # fmt: skip
    return EncoderDecoder(hf.BartForConditionalGeneration(config))


def _vit(attention: str) -> nn.Module:
    config = hf.ViTConfig(
        hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=2 * HIDDEN, image_size=(16, 24), patch_size=8,
        attn_implementation=attention,
    )  # fmt: skip
    return Vision(hf.ViTModel(config))


def _lstm(attention: str) -> nn.Module:
    del attention
    return Lstm(nn.LSTM(HIDDEN // 2, HIDDEN, LAYERS, batch_first=True, bidirectional=True))


def _gru(attention: str) -> nn.Module:
    del attention
    return Gru(nn.GRU(HIDDEN // 2, HIDDEN, LAYERS, batch_first=True, bidirectional=True))


def _transformer(attention: str) -> nn.Module:
    del attention
    # PyTorch's fused layer is one operation that neither exporter takes.
    torch.backends.mha.set_fastpath_enabled(False)
    layer = nn.TransformerEncoderLayer(HIDDEN, HEADS, 2 * HIDDEN, batch_first=True)
    return Layers(nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False))


_ROWS = {0: "batch", 1: "length"}
_TEXT = {"input_ids": _ROWS, "attention_mask": _ROWS}
_TWO_TEXTS = _TEXT | {"decoder_input_ids": {0: "batch", 1: "target"}}
_STATE = {1: "batch"}

FAMILIES = {
    family.name: family
    for family in (
        Family("bert", _bert, _text, _TEXT, ("hidden", "pooled"), LAYERS),
        Family("distilbert", _distilbert, _text, _TEXT, ("hidden",), LAYERS),
        Family("gpt2", _gpt2, _text, _TEXT, ("logits",), LAYERS),
        Family("llama", _llama, _text, _TEXT, ("logits",), LAYERS),
        # Self-attention on both sides, and the decoder's attention to the encoder.
        Family("t5", _t5, _two_texts, _TWO_TEXTS, ("logits",), 3 * LAYERS),
        Family("bart", _bart, _two_texts, _TWO_TEXTS, ("logits",), 3 * LAYERS),
        Family("vit", _vit, _image, {"pixel_values": {0: "batch"}}, ("hidden", "pooled"), LAYERS),
        Family(
            "lstm",
            _lstm,
            _recurrent(("h0", "c0")),
            {"states": _ROWS, "h0": _STATE, "c0": _STATE},
            ("result", "h", "c"),
            recurrences=2 * LAYERS,
        ),  # fmt: skip
        Family(
            "gru",
            _gru,
            _recurrent(("h0",)),
            {"states": _ROWS, "h0": _STATE},
            ("result", "h"),
            recurrences=2 * LAYERS,
        ),  # fmt: skip
        Family(
            "transformer",
            _transformer,
            _states,
            {"states": _ROWS, "padding": _ROWS},
            ("hidden",),
            LAYERS,
        ),  # fmt: skip
    )
}


def randomize(model: nn.Module) -> None:
    """Weights that matter: those of fresh models leave scores near 0 and biases at 0."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=1.3 * parameter[0].numel() ** -0.5)
            else:
                parameter.add_(torch.randn_like(parameter), alpha=0.2)


def make_model(family: Family, attention: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    model = family.make(attention).eval()
    randomize(model)
    for name, layer in model.named_modules():
        if name.endswith("Attention.q"):
            # T5 leaves the scale of scores to its weights; large scores would multiply errors.
            layer.weight.data *= (HIDDEN // HEADS) ** -0.5
    return model
