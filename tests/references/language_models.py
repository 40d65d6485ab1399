"""Language models at a small size, and the models of `transformers` that they equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

import archdsl
from tests.references import torchvision_shim  # noqa: F401  (transformers imports torchvision)
from tests.references.parity import fill

VOCABULARY = 100
STRETCHED = {
    "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}  # fmt: skip
YARN = {
    "rope_type": "yarn", "rope_theta": 10000.0, "factor": 40.0, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0,
    "mscale_all_dim": 1.0, "original_max_position_embeddings": 40,
}  # fmt: skip
LLAMA = {"hidden_size": 32, "intermediate_size": 48, "num_layers": 3, "num_heads": 4}
HUGGING_LLAMA = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
    "num_attention_heads": 4, "rms_norm_eps": 1e-5, "use_cache": False,
}  # fmt: skip


class _Double:
    """torch, with float64 for float32: `transformers` computes some things in float32 whatever the model's dtype."""

    float32 = float = torch.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


@contextmanager
def in_float64(family: str) -> Iterator[None]:
    """What `transformers` computes in float32 is computed in float64, as the rest of the model is."""
    modules = (f"transformers.models.{family}.modeling_{family}", "transformers.modeling_rope_utils")
    before = torch.get_default_dtype()
    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(import_module(module), "torch", _Double()))
        stack.enter_context(mock.patch.object(torch.Tensor, "float", torch.Tensor.double))
        torch.set_default_dtype(torch.float64)
        stack.callback(torch.set_default_dtype, before)
        yield


@dataclass(frozen=True)
class Network:
    """A spec at a small size, and the model of `transformers` that it equals."""

    name: str
    family: str
    """The module of `transformers`."""
    model: str
    """The class."""
    params: Mapping[str, Any]
    config: Mapping[str, Any]
    inputs: Sequence[str] = ("input_ids",)
    """The names that the reference has for our inputs, in our order."""
    outputs: Sequence[str] = ("logits",)
    published: Mapping[str, Any] | None = None
    """The published size as the reference's config; None where it is not built."""

    def ours(self) -> nn.Module:
        model = archdsl.build(self.name, vocab_size=VOCABULARY, dtype=torch.float64, init=False, **self.params)
        fill(model, seed=7)
        for name, buffer in model.named_buffers():
            if name.endswith("score_correction_bias"):
                buffer.copy_(torch.linspace(-0.3, 0.3, len(buffer)))
        return model

    def theirs(self, config: Mapping[str, Any] | None = None) -> nn.Module:
        module, family = import_module(f"transformers.models.{self.family}"), self.family.replace("_", "")
        names = {name.lower(): name for name in dir(module)}
        settings = getattr(module, names.get(f"{family}textconfig") or names[f"{family}config"])(
            **(self.config if config is None else config), attn_implementation="eager"
        )
        model: nn.Module = getattr(module, self.model)(settings)
        whole = model.forward

        def forward(*inputs: Tensor) -> tuple[Tensor, ...]:
            result = whole(**dict(zip(self.inputs, inputs, strict=True)))
            return tuple(result[name] for name in self.outputs)

        model.forward = forward  # type: ignore[assignment]
        return model

    def tokens(self, batch: int, length: int) -> tuple[Tensor, ...]:
        """Random inputs; of the masks, the last places of the first sequence are padding."""
        generator = torch.Generator().manual_seed(length)
        made: list[Tensor] = []
        for name in self.inputs:
            size = length if "decoder" not in name else length // 2 + 1
            if name.endswith("mask"):
                mask = torch.ones(batch, size, dtype=torch.bool)
                mask[0, -3:] = False
                made.append(mask)
            else:
                below = 2 if name == "token_type_ids" else VOCABULARY
                made.append(torch.randint(below, (batch, size), generator=generator))
        return tuple(made)


NETWORKS = (
    Network(
        "gpt2", "gpt2", "GPT2LMHeadModel",
        {"n_positions": 40, "n_embd": 32, "n_layer": 3, "n_head": 4, "dropout": 0.0},
        {"vocab_size": VOCABULARY, "n_positions": 40, "n_embd": 32, "n_layer": 3, "n_head": 4, "resid_pdrop": 0.0,
         "embd_pdrop": 0.0, "attn_pdrop": 0.0, "use_cache": False},
        published={},
    ),
    Network(
        "bert_base_uncased", "bert", "BertForPreTraining",
        {"hidden_size": 32, "intermediate_size": 48, "num_layers": 3, "num_heads": 4, "max_positions": 40,
         "dropout": 0.0},
        {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
         "num_attention_heads": 4, "max_position_embeddings": 40, "hidden_dropout_prob": 0.0,
         "attention_probs_dropout_prob": 0.0},
        inputs=("input_ids", "token_type_ids", "attention_mask"),
        outputs=("prediction_logits", "seq_relationship_logits"),
        published={},
    ),
    Network(
        "llama_2_7b", "llama", "LlamaForCausalLM", {**LLAMA, "num_kv_heads": 4},
        {**HUGGING_LLAMA, "num_key_value_heads": 4},
    ),
    Network(
        "llama_3_8b", "llama", "LlamaForCausalLM", {**LLAMA, "num_kv_heads": 2},
        {**HUGGING_LLAMA, "num_key_value_heads": 2,
         "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}},
        published={"vocab_size": 128256, "intermediate_size": 14336, "num_key_value_heads": 8},
    ),
    Network(
        "llama_3_1_405b", "llama", "LlamaForCausalLM", {**LLAMA, "num_kv_heads": 2},
        {**HUGGING_LLAMA, "num_key_value_heads": 2, "rope_parameters": STRETCHED},
    ),
    Network(
        "mixtral_8x7b", "mixtral", "MixtralForCausalLM", {**LLAMA, "num_kv_heads": 2, "experts": 5, "top_k": 2},
        {**HUGGING_LLAMA, "num_key_value_heads": 2, "num_local_experts": 5, "num_experts_per_tok": 2,
         "experts_implementation": "eager", "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}},
        published={},
    ),
    Network(
        "qwen3_0_6b", "qwen3", "Qwen3ForCausalLM", {**LLAMA, "num_kv_heads": 2, "head_dim": 12},
        {**HUGGING_LLAMA, "num_key_value_heads": 2, "head_dim": 12, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
         "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}},
        published={"vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
                   "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "tie_word_embeddings": True},
    ),
    Network(
        "qwen3_30b_a3b", "qwen3_moe", "Qwen3MoeForCausalLM",
        {**LLAMA, "num_kv_heads": 2, "head_dim": 12, "experts": 6, "top_k": 3},
        {**HUGGING_LLAMA, "num_key_value_heads": 2, "head_dim": 12, "rms_norm_eps": 1e-6, "moe_intermediate_size": 48,
         "num_experts": 6, "num_experts_per_tok": 3, "norm_topk_prob": True, "experts_implementation": "eager",
         "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}},
        published={"vocab_size": 151936, "hidden_size": 2048, "moe_intermediate_size": 768, "num_hidden_layers": 48,
                   "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128},
    ),
    Network(
        "deepseek_v3_671b", "deepseek_v3", "DeepseekV3ForCausalLM",
        {"hidden_size": 32, "intermediate_size": 48, "num_layers": 3, "dense_layers": 1, "num_heads": 4, "q_rank": 12,
         "kv_rank": 10, "head_dim": 8, "plain_dim": 6, "value_dim": 5, "rope_trained": 40, "expert_size": 9,
         "experts": 12, "top_k": 3, "groups": 4, "top_groups": 2, "shared_experts": 2},
        {**HUGGING_LLAMA, "num_key_value_heads": 4, "rms_norm_eps": 1e-6, "first_k_dense_replace": 1, "q_lora_rank": 12,
         "kv_lora_rank": 10, "qk_rope_head_dim": 8, "qk_nope_head_dim": 6, "v_head_dim": 5, "moe_intermediate_size": 9,
         "n_routed_experts": 12, "num_experts_per_tok": 3, "n_group": 4, "topk_group": 2, "n_shared_experts": 2,
         "experts_implementation": "eager", "max_position_embeddings": 1600,
         "rope_parameters": YARN},
        published={"max_position_embeddings": 4096},
    ),
    Network(
        "moonlight_16b_a3b", "deepseek_v3", "DeepseekV3ForCausalLM",
        {"hidden_size": 32, "intermediate_size": 48, "num_layers": 2, "num_heads": 4, "kv_rank": 10, "head_dim": 8,
         "plain_dim": 6, "value_dim": 5, "expert_size": 9, "experts": 7, "top_k": 3},
        {**HUGGING_LLAMA, "num_hidden_layers": 2, "num_key_value_heads": 4, "first_k_dense_replace": 1,
         "q_lora_rank": None, "kv_lora_rank": 10, "qk_rope_head_dim": 8, "qk_nope_head_dim": 6, "v_head_dim": 5,
         "moe_intermediate_size": 9, "n_routed_experts": 7, "num_experts_per_tok": 3, "n_group": 1, "topk_group": 1,
         "n_shared_experts": 2, "routed_scaling_factor": 2.446, "experts_implementation": "eager",
         "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0}},
        published={"vocab_size": 163840, "hidden_size": 2048, "intermediate_size": 11264, "num_hidden_layers": 27,
                   "first_k_dense_replace": 1, "num_attention_heads": 16, "num_key_value_heads": 16,
                   "q_lora_rank": None, "moe_intermediate_size": 1408, "n_routed_experts": 64, "n_shared_experts": 2},
    ),
    Network(
        "olmo2_7b", "olmo2", "Olmo2ForCausalLM", {**LLAMA, "num_kv_heads": 2},
        {**HUGGING_LLAMA, "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "pad_token_id": None,
         "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}},
        published={"vocab_size": 100352},
    ),
    Network(
        "gemma3_1b", "gemma3", "Gemma3ForCausalLM",
        {**LLAMA, "num_kv_heads": 2, "head_dim": 12, "query_pre_attn_scalar": 20, "sliding_window": 5,
         "sliding_window_pattern": 2},
        {**HUGGING_LLAMA, "num_key_value_heads": 2, "head_dim": 12, "rms_norm_eps": 1e-6, "query_pre_attn_scalar": 20,
         "sliding_window": 5, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
         "pad_token_id": None},
        published={"vocab_size": 262144, "hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26,
                   "num_attention_heads": 4, "num_key_value_heads": 1},
    ),
    Network(
        "t5_small", "t5", "T5ForConditionalGeneration",
        {"d_model": 32, "d_kv": 6, "d_ff": 48, "num_layers": 3, "num_heads": 4, "dropout": 0.0},
        {"vocab_size": VOCABULARY, "d_model": 32, "d_kv": 6, "d_ff": 48, "num_layers": 3, "num_heads": 4,
         "dropout_rate": 0.0, "use_cache": False},
        inputs=("input_ids", "attention_mask", "decoder_input_ids"),
        published={},
    ),
    Network(
        "mamba_130m", "mamba", "MambaForCausalLM",
        {"hidden_size": 32, "num_layers": 3, "state_size": 5},
        {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 3, "state_size": 5, "use_cache": False},
        published={"vocab_size": 50280, "num_hidden_layers": 24},
    ),
)  # fmt: skip
