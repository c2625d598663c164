"""Meta Policy Optimization with TRL, on a CPU: a tiny model of random weights, whose reward is refined while it trains.

    meta-reward mpo skyways --policy trl --run trl --steps 6 --every 2 --samples 4
    python examples/mpo_trl.py runs/trl grpo

Shows how the parts fit, and teaches the model nothing; `rloo` trains with RLOO. Needs TRL (`pip install
'meta-reward[trl]'`); downloads nothing. Started again, it goes on from the last checkpoint.
"""

import sys
from pathlib import Path
from typing import Any

from datasets import Dataset
from grpo import REQUESTS, make_model, make_tokenizer  # type: ignore[import-not-found]
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from meta_reward.run.config import load_run_config
from meta_reward.use.trl_mpo import RefinedReward

TRAINERS = {"grpo": (GRPOTrainer, GRPOConfig), "rloo": (RLOOTrainer, RLOOConfig)}


def main(run: Path, trainer: str) -> None:
    made, settings = TRAINERS[trainer]
    tokenizer, reward = make_tokenizer(), RefinedReward(run)
    prompts = [[{"role": "user", "content": request}] for request in REQUESTS]
    training = made(
        model=make_model(len(tokenizer)),
        reward_funcs=reward,
        callbacks=[reward],
        args=settings(**arguments(run)),
        train_dataset=Dataset.from_dict({"prompt": prompts, "task": [f"request-{n}" for n in range(len(prompts))]}),
        processing_class=tokenizer,
    )
    checkpoints = Path(training.args.output_dir)
    training.train(resume_from_checkpoint=any(checkpoints.glob("checkpoint-*")))
    for logged in training.state.log_history:
        if "reward" in logged:
            print(f"step {logged['step']}: reward {float(logged['reward']):.3f}")


def arguments(run: Path) -> dict[str, Any]:
    mpo = load_run_config(run / "run.toml").mpo
    return {
        "output_dir": str(run / ".work" / "trl"),
        "max_steps": mpo.steps,
        "per_device_train_batch_size": 4,
        "num_generations": 4,
        "max_completion_length": 16,
        "beta": 0.0,  # a reference model would be loaded by its name, and this model has none
        "logging_steps": 1,
        "save_steps": mpo.every,
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "disable_tqdm": True,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
