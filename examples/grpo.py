"""GRPO with a tuned harness as its reward, on a CPU: a tiny model of random weights, trained for two steps.

    python examples/grpo.py runs/skyways

Shows how the parts fit, and teaches the model nothing. Needs TRL (`pip install 'meta-reward[trl]'`); downloads nothing.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from meta_reward.use.trl import async_reward_func, reward_func

STEPS = 2
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
REQUESTS = ("Cancel my booking, please.", "Can I have a refund?", "Move me to the morning flight.", "Where is my bag?")


def main(path: str) -> None:
    tokenizer = make_tokenizer()
    prompts = [[{"role": "user", "content": request}] for request in REQUESTS]
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=make_model(len(tokenizer)),
            reward_funcs=[reward_func(path), async_reward_func(path, name="meta_reward_async")],
            args=settings(Path(folder)),
            train_dataset=Dataset.from_dict({"prompt": prompts}),
            processing_class=tokenizer,
        )
        trainer.train()
    for logged in trainer.state.log_history[:STEPS]:
        print_step(logged)


def make_tokenizer() -> Any:
    """A tokenizer of single bytes."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<eos>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", padding_side="left", chat_template=TEMPLATE
    )


def make_model(tokens: int) -> Any:
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=tokens, pad_token_id=0, eos_token_id=1, bos_token_id=1, **shape))


def settings(folder: Path) -> Any:
    return GRPOConfig(
        output_dir=str(folder),
        max_steps=STEPS,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=24,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
    )


def print_step(logged: dict[str, Any]) -> None:
    rewards = {name: logged[f"rewards/{name}/mean"] for name in ("meta_reward", "meta_reward_async")}
    shown = ", ".join(f"{name} {float(value):.3f}" for name, value in rewards.items())
    print(f"step {logged['step']}: {shown}, gradient {float(logged['grad_norm']):.4f}")


if __name__ == "__main__":
    main(sys.argv[1])
