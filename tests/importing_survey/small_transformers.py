"""Transformers' models with small configurations and fresh weights: factories as a user would write them.

`archdsl import` calls a function with numbers, words and lists, and these models take a configuration: so one writes a
function that makes it.
"""

from __future__ import annotations

import transformers as tf
from torch import nn

TEXT = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SMALL = {**TEXT, "intermediate_size": 48, "max_position_embeddings": 40}
IMAGE = {"image_size": 32, "patch_size": 8, "num_channels": 3}


def bert() -> nn.Module:
    return tf.BertForMaskedLM(tf.BertConfig(**SMALL))


def roberta() -> nn.Module:
    return tf.RobertaForSequenceClassification(tf.RobertaConfig(**SMALL, pad_token_id=1, num_labels=5))


def distilbert() -> nn.Module:
    sizes = {"vocab_size": 64, "dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": 4}
    return tf.DistilBertModel(tf.DistilBertConfig(**sizes, max_position_embeddings=40))


def albert() -> nn.Module:
    return tf.AlbertModel(tf.AlbertConfig(**SMALL, embedding_size=16))


def electra() -> nn.Module:
    return tf.ElectraModel(tf.ElectraConfig(**SMALL, embedding_size=16))


def gpt2() -> nn.Module:
    sizes = {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 40}
    return tf.GPT2LMHeadModel(tf.GPT2Config(**sizes, use_cache=False))


def gpt_neox() -> nn.Module:
    return tf.GPTNeoXForCausalLM(tf.GPTNeoXConfig(**SMALL, use_cache=False))


def opt() -> nn.Module:
    sizes = {**TEXT, "ffn_dim": 48, "max_position_embeddings": 40, "word_embed_proj_dim": 32}
    return tf.OPTForCausalLM(tf.OPTConfig(**sizes, use_cache=False))


def llama() -> nn.Module:
    return tf.LlamaForCausalLM(tf.LlamaConfig(**SMALL, num_key_value_heads=2, use_cache=False))


def mistral() -> nn.Module:
    config = tf.MistralConfig(**SMALL, num_key_value_heads=2, sliding_window=8, use_cache=False)
    return tf.MistralForCausalLM(config)


def qwen2() -> nn.Module:
    return tf.Qwen2ForCausalLM(tf.Qwen2Config(**SMALL, num_key_value_heads=2, use_cache=False))


def qwen3() -> nn.Module:
    return tf.Qwen3ForCausalLM(tf.Qwen3Config(**SMALL, num_key_value_heads=2, head_dim=8, use_cache=False))


def gemma() -> nn.Module:
    return tf.GemmaForCausalLM(tf.GemmaConfig(**SMALL, num_key_value_heads=1, head_dim=8, use_cache=False))


def phi() -> nn.Module:
    return tf.PhiForCausalLM(tf.PhiConfig(**SMALL, use_cache=False))


def t5_encoder() -> nn.Module:
    sizes = {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
    return tf.T5EncoderModel(tf.T5Config(**sizes))


def vit() -> nn.Module:
    return tf.ViTForImageClassification(tf.ViTConfig(**SMALL, **IMAGE, num_labels=5))


def deit() -> nn.Module:
    return tf.DeiTModel(tf.DeiTConfig(**SMALL, **IMAGE), add_pooling_layer=False)


def dinov2() -> nn.Module:
    return tf.Dinov2Model(tf.Dinov2Config(**TEXT, **IMAGE))


def swin() -> nn.Module:
    sizes = {"image_size": 32, "patch_size": 2, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4]}
    return tf.SwinForImageClassification(tf.SwinConfig(**sizes, window_size=4, num_labels=5))


def convnext() -> nn.Module:
    config = tf.ConvNextConfig(hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 2, 1], num_labels=5)
    return tf.ConvNextForImageClassification(config)


def clip_vision() -> nn.Module:
    return tf.CLIPVisionModel(tf.CLIPVisionConfig(**SMALL, **IMAGE))


def clip_text() -> nn.Module:
    return tf.CLIPTextModel(tf.CLIPTextConfig(**SMALL, eos_token_id=2))


def segformer() -> nn.Module:
    sizes = {"hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 2, 2, 4]}
    return tf.SegformerForSemanticSegmentation(tf.SegformerConfig(**sizes, decoder_hidden_size=16, num_labels=5))


def whisper_encoder() -> nn.Module:
    sizes = {"d_model": 32, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 48}
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    return WhisperEncoder(tf.WhisperConfig(**sizes, num_mel_bins=16, max_source_positions=20))


def wav2vec2() -> nn.Module:
    convolutions = {"conv_dim": [8, 8], "conv_stride": [4, 2], "conv_kernel": [8, 3]}
    config = tf.Wav2Vec2Config(**TEXT, intermediate_size=48, **convolutions, num_conv_pos_embeddings=8,
                               num_conv_pos_embedding_groups=2, num_feat_extract_layers=2)  # fmt: skip
    return tf.Wav2Vec2Model(config)
