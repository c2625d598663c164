from meta_reward.use.load import load_reward as load_reward

__version__: str
