"""Energy from hours: an estimate by stated powers, never a measurement.

A busy processor core counts 12 W, the default of the Green Algorithms calculator, and memory 0.3725 W a GB (Lannelongue
et al. 2021, doi:10.1002/advs.202100707); a GPU counts the board power of its data sheet, as Lacoste et al. (2019,
arXiv:1910.09700) take it. All of them are used in full for the whole time, and the PUE is 1: cooling and whatever else
a data centre needs is not counted.
"""

from __future__ import annotations

import re

__all__ = ["CORE_WATTS", "GIB_WATTS", "PUE", "gpu_watts", "run_kwh"]

CORE_WATTS = 12.0
"""Power of one busy processor core."""
GIB_WATTS = 0.3725 * 1.073741824
"""Power of one GiB of memory (0.3725 W a GB)."""
PUE = 1.0
"""Power usage effectiveness: what a data centre takes in for each watt that computes."""

# Board powers in watts from the makers' data sheets; the first pattern that is found in the device's name decides.
_GPUS: tuple[tuple[str, float], ...] = (
    (r"GB200|B200", 1000.0),
    (r"H200 NVL", 600.0),
    (r"GH200|H200", 700.0),
    (r"H100 PCIe", 350.0),
    (r"H100 NVL", 400.0),
    (r"H100", 700.0),
    (r"A100 80GB PCIe|A100-PCIE-80GB", 300.0),
    (r"A100-PCIE", 250.0),
    (r"A100", 400.0),
    (r"A800", 400.0),
    (r"V100-PCIE|V100-FHHL", 250.0),
    (r"V100", 300.0),
    (r"P100-SXM2", 300.0),
    (r"P100", 250.0),
    (r"\bL40S", 350.0),
    (r"\bL40\b", 300.0),
    (r"\bL4\b", 72.0),
    (r"\bT4\b", 70.0),
    (r"\bA40\b", 300.0),
    (r"\bA30\b", 165.0),
    (r"\bA10\b", 150.0),
    (r"\bA2\b", 60.0),
    (r"RTX 6000 Ada|RTX A6000", 300.0),
    (r"RTX A5000", 230.0),
    (r"RTX A4000", 140.0),
    (r"RTX 5090", 575.0),
    (r"RTX 5080", 360.0),
    (r"RTX 4090", 450.0),
    (r"RTX 4080", 320.0),
    (r"RTX 4070", 200.0),
    (r"RTX 3090", 350.0),
    (r"RTX 3080", 320.0),
    (r"RTX 3070", 220.0),
    (r"RTX 3060", 170.0),
    (r"RTX 2080 Ti", 250.0),
    (r"TITAN RTX", 280.0),
    (r"GTX 1080 Ti", 250.0),
    (r"MI300X", 750.0),
    (r"MI250", 560.0),
    (r"MI210", 300.0),
)
# other chips under nearly the same name, and a part of a GPU that others may share
_OTHER = re.compile(r"laptop|max-q|mobile| Ti\b|super|\bMIG\b", re.IGNORECASE)


def gpu_watts(name: str) -> float | None:
    """Return the board power of a GPU by the name that its driver gives, None where it is not known.

    >>> gpu_watts("NVIDIA H100 80GB HBM3"), gpu_watts("Tesla T4"), gpu_watts("NVIDIA GeForce RTX 4090 Laptop GPU")
    (700.0, 70.0, None)
    """
    for pattern, watts in _GPUS:
        if found := re.search(pattern, name):
            return None if _OTHER.search(name[found.end() :]) else watts
    return None


def run_kwh(hours: float, *, device: str, name: str, threads: float = 1.0, memory_gib: float = 0.0) -> float | None:
    """Return the energy of a run in kWh, None where its device's power is not known.

    Parameters
    ----------
    hours : how long it took.
    device : "cpu" or "cuda"; a GPU has one busy core beside it, which hands it its work.
    name : the device's name.
    threads : busy processor cores of a run on the CPU.
    memory_gib : memory held, in GiB; 0 where that is not known.
    """
    if device == "cpu":
        board: float | None = 0.0
    else:
        board, threads = gpu_watts(name) if device == "cuda" else None, 1.0
    if board is None:
        return None
    return hours * (threads * CORE_WATTS + board + memory_gib * GIB_WATTS) * PUE / 1000.0
