"""Records of trainings that nobody ran, for the tests of what is made of them."""

NAMES = [f"{name}-{draw}" for name in ("cat", "cup", "face", "moon") for draw in (1, 2, 3)]
"""Four photographs under three blurs each."""
LUCK = (-0.05, 0.0, 0.05)
"""dB that the seeds 0, 1 and 2 lie above their mean; backwards for a network that is lucky where others are not."""


def seeds(run, gain, luck=LUCK, *, recipe="modern", steps=400, **metrics):
    """The records of a run and its later seeds, by name: each gains as much on every image."""
    settings = {"recipe": recipe, "image_skip": True, "batch": 8, "crop": 96}
    return {
        run + (f"-s{seed}" if seed else ""): {
            "tier": "study", "data": "photographs", "steps": steps, "seed": seed, "parameters": settings,
            "metrics": {"gain_psnr_rgb": gain + more, "gains": dict.fromkeys(NAMES, gain + more), **metrics},
        }
        for seed, more in enumerate(luck)
    }  # fmt: skip
