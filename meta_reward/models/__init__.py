"""The fixed judge: what a backend is, and the gateway through which every call goes."""
