"""What every back end of the selective scan keeps, in float64 and with gradients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from engine.models.ssm import reverse, selective_scan, step
from engine.models.ssm.kernel import NoKernel, find_compiler, load_kernel
from engine.models.ssm.scan import BACKENDS


def compiled() -> bool:
    try:
        find_compiler()
    except NoKernel:
        return False
    return True


needs_compiler = pytest.mark.skipif(not compiled(), reason="needs a C compiler")
# The kernel for accelerators has its own tests, in test_scan_fused.py.
NAMES = [
    pytest.param(name, marks=needs_compiler if name == "c" else ())
    for name in BACKENDS
    if name != "triton"
]
every_backend = pytest.mark.parametrize("backend", NAMES)
# Batch, length, channels, states: one step, more than one chunk, one mark and one block of each.
SIZES = [(1, 1, 1, 1), (2, 7, 3, 4), (1, 64, 32, 16), (3, 77, 40, 5), (2, 130, 66, 16)]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def draw(
    size: tuple[int, int, int, int],
    *,
    heads: int = 0,
    most: float = 1.0,
    dtype: torch.dtype = torch.float64,
) -> dict[str, Tensor]:
    """Arguments of a scan with steps up to ``most`` and rates of decay from 1 to 16."""
    batch, length, channels, states = size
    make = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=make, dtype=torch.float64)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=make, dtype=torch.float64)

    rates = (heads,) if heads else (channels, states)
    made = {
        "u": normal(batch, length, channels),
        "dt": most * uniform(batch, length, heads or channels),
        "A": -(1 + 15 * uniform(*rates)),
        "B": normal(batch, length, states),
        "C": normal(batch, length, states),
        "D": normal(channels),
        "h0": normal(batch, channels, states),
    }
    return {name: tensor.to(dtype) for name, tensor in made.items()}


def heads_for(backend: str, channels: int) -> int:
    """SSD has fewer rates than channels; the others are tried with a rate for each state."""
    return (2 if channels % 2 == 0 else 1) if backend == "ssd" else 0


def by_hand(given: dict[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """The recurrence number by number, in NumPy."""
    u, dt, A, B, C, D, h = (tensor.double().numpy() for tensor in given.values())
    batch, length, channels = u.shape
    y, h = np.empty_like(u), h.copy()
    for b in range(batch):
        for t in range(length):
            for d in range(channels):
                column = d * len(A) // channels
                rates = A[d] if A.ndim == 2 else A[column]
                size = dt[b, t, column]
                h[b, d] = np.exp(size * rates) * h[b, d] + size * u[b, t, d] * B[b, t]
                y[b, t, d] = h[b, d] @ C[b, t] + D[d] * u[b, t, d]
    return y, h


def apart(one: Tensor | np.ndarray, other: Tensor | np.ndarray) -> float:
    one, other = (torch.as_tensor(x).detach().double() for x in (one, other))
    return float((one - other).abs().max() / other.abs().max())


def scan(given: dict[str, Tensor], backend: str, **options: object) -> tuple[Tensor, Tensor]:
    return selective_scan(**given, backend=backend, return_state=True, **options)


@every_backend
@pytest.mark.parametrize("size", SIZES)
def test_outputs_and_last_state_are_those_of_the_recurrence(backend, size) -> None:
    given = draw(size, heads=heads_for(backend, size[2]))
    for ours, right in zip(scan(given, backend), by_hand(given), strict=True):
        assert apart(ours, right) < 1e-13


@every_backend
@pytest.mark.parametrize("heads", [1, 4])
def test_a_decay_per_head_is_a_case_of_every_back_end(backend, heads) -> None:
    given = draw((2, 70, 8, 3), heads=heads)
    for ours, right in zip(scan(given, backend), by_hand(given), strict=True):
        assert apart(ours, right) < 1e-13


@every_backend
def test_gradients_are_those_of_finite_differences(backend) -> None:
    given = draw((2, 7, 4, 3), heads=heads_for(backend, 4))
    names, tensors = list(given), [tensor.requires_grad_() for tensor in given.values()]

    def run(*values: Tensor) -> tuple[Tensor, Tensor]:
        return scan(dict(zip(names, values, strict=True)), backend)

    assert gradcheck(run, tensors, eps=1e-6, atol=1e-7)


@every_backend
@pytest.mark.parametrize("size", SIZES)
def test_gradients_are_those_of_the_reference_at_any_size(backend, size) -> None:
    given = draw(size, heads=heads_for(backend, size[2]))
    tensors = [tensor.requires_grad_() for tensor in given.values()]
    make = torch.Generator().manual_seed(4)

    def gradients(name: str) -> tuple[Tensor, ...]:
        found = scan(given, name)
        make.manual_seed(4)
        weigh = [torch.randn(x.shape, generator=make, dtype=x.dtype) for x in found]
        return torch.autograd.grad(found, tensors, weigh)

    for ours, right in zip(gradients(backend), gradients("reference"), strict=True):
        assert apart(ours, right) < 1e-12


@every_backend
@pytest.mark.parametrize("most", [0.1, 1.0, 5.0])
def test_float32_stays_finite_and_close_where_decays_underflow(backend, most) -> None:
    """Dividing by a running product of decays gives NaN here; see associative.py."""
    size = (1, 1024, 8, 16)
    exact = draw(size, heads=heads_for(backend, 8), most=most)
    # Both scans start from the same rounded numbers.
    rounded = {name: tensor.float() for name, tensor in exact.items()}
    right = scan({name: tensor.double() for name, tensor in rounded.items()}, "reference")
    for ours, other in zip(scan(rounded, backend), right, strict=True):
        assert ours.dtype == torch.float32
        assert apart(ours, other) < 1e-5


@every_backend
def test_float32_gradients_are_close(backend) -> None:
    exact = draw((2, 256, 8, 16), heads=heads_for(backend, 8))
    rounded = {name: tensor.float() for name, tensor in exact.items()}

    def gradients(given: dict[str, Tensor], name: str) -> tuple[Tensor, ...]:
        tensors = [tensor.requires_grad_() for tensor in given.values()]
        y, h = scan(given, name)
        return torch.autograd.grad(y.square().sum() + h.sum(), tensors)

    right = gradients({name: tensor.double() for name, tensor in rounded.items()}, "reference")
    for ours, other in zip(gradients(rounded, backend), right, strict=True):
        assert apart(ours, other) < 1e-5


@every_backend
@pytest.mark.parametrize("cut", [1, 40, 64, 129])
def test_a_sequence_in_two_parts_is_the_whole(backend, cut) -> None:
    given = draw((2, 130, 8, 4), heads=heads_for(backend, 8))
    whole, end = scan(given, backend)
    long = ("u", "dt", "B", "C")
    first, between = scan(given | {name: given[name][:, :cut] for name in long}, backend)
    rest = given | {name: given[name][:, cut:] for name in long} | {"h0": between}
    second, last = scan(rest, backend)
    assert apart(torch.cat([first, second], dim=1), whole) < 1e-13
    assert apart(last, end) < 1e-13


@every_backend
def test_single_steps_are_the_scan(backend) -> None:
    given = draw((2, 20, 6, 4), heads=heads_for(backend, 6))
    whole, end = scan(given, backend)
    h, outputs = given["h0"], []
    for t in range(20):
        now = {name: given[name][:, t] for name in ("u", "dt", "B", "C")}
        y, h = step(h, A=given["A"], D=given["D"], **now)
        outputs.append(y)
    assert apart(torch.stack(outputs, dim=1), whole) < 1e-13
    assert apart(h, end) < 1e-13


@every_backend
def test_a_step_of_zero_holds_the_state_and_a_long_one_forgets_it(backend) -> None:
    given = draw((2, 30, 4, 3), heads=heads_for(backend, 4))
    held = given | {"dt": torch.zeros_like(given["dt"])}
    torch.testing.assert_close(scan(held, backend)[1], given["h0"], rtol=0, atol=0)
    long = given | {"dt": torch.full_like(given["dt"], 100.0)}
    from_zero = scan(long | {"h0": torch.zeros_like(given["h0"])}, backend)
    for ours, other in zip(scan(long, backend), from_zero, strict=True):
        torch.testing.assert_close(ours, other, rtol=1e-12, atol=0)


@every_backend
def test_padding_is_never_read(backend) -> None:
    given = draw((3, 90, 4, 3), heads=heads_for(backend, 4))
    lengths = torch.tensor([90, 17, 0])
    spoilt = dict(given)
    for name in ("u", "dt", "B", "C"):
        spoilt[name] = given[name].clone()
        for row, length in enumerate(lengths.tolist()):
            spoilt[name][row, length:] = float("nan")
    y, h = scan(spoilt, backend, lengths=lengths)
    for row, length in enumerate(lengths.tolist()):
        assert not y[row, length:].any()
        if length:
            own = {
                name: tensor if name in ("A", "D") else tensor[row : row + 1]
                for name, tensor in given.items()
            }
            own |= {name: own[name][:, :length] for name in ("u", "dt", "B", "C")}
            right, last = scan(own, backend)
            assert apart(y[row, :length], right[0]) < 1e-13
            assert apart(h[row], last[0]) < 1e-13
        else:
            torch.testing.assert_close(h[row], given["h0"][row], rtol=0, atol=0)


@every_backend
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(backend, dtype) -> None:
    given = draw((2, 100, 4, 3), heads=heads_for(backend, 4), dtype=dtype)
    y, h = scan(given, backend)
    right, last = scan({name: tensor.double() for name, tensor in given.items()}, "reference")
    assert (y.dtype, h.dtype) == (dtype, torch.float32)
    assert apart(h, last) < 1e-5
    assert apart(y, right) < torch.finfo(dtype).eps


@every_backend
def test_order_in_memory_does_not_matter(backend) -> None:
    given = draw((2, 33, 6, 4), heads=heads_for(backend, 6))
    turned = {
        name: tensor.transpose(0, -1).contiguous().transpose(0, -1)
        for name, tensor in given.items()
    }
    for ours, right in zip(scan(turned, backend), scan(given, backend), strict=True):
        assert apart(ours, right) < 1e-13


@every_backend
def test_not_a_number_stays_in_its_sequence(backend) -> None:
    given = draw((2, 20, 4, 3), heads=heads_for(backend, 4))
    right = scan(given, backend)[0]
    given["u"][0, 5, 0] = float("nan")
    y = scan(given, backend)[0]
    assert y[0, 5:, 0].isnan().all()
    torch.testing.assert_close(y[1], right[1], rtol=0, atol=0)


@needs_compiler
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit_of_the_kernel(threads) -> None:
    given = draw((3, 500, 70, 16), dtype=torch.float32)
    tensors = [tensor.requires_grad_() for tensor in given.values()]

    def everything() -> tuple[Tensor, ...]:
        y, h = scan(given, "c")
        return y, h, *torch.autograd.grad(y.square().sum() + h.sum(), tensors)

    alone = everything()
    torch.set_num_threads(threads)
    try:
        together = everything()
    finally:
        torch.set_num_threads(1)
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_whatever_auto_takes_the_numbers_are_those_of_the_recurrence() -> None:
    for heads in (0, 2):
        given = draw((2, 40, 8, 4), heads=heads)
        for ours, right in zip(scan(given, "auto"), by_hand(given), strict=True):
            assert apart(ours, right) < 1e-13


def test_reversal_keeps_padding_at_the_end() -> None:
    values = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0]])
    lengths = torch.tensor([4, 2])
    back = reverse(values, lengths)
    assert back.tolist() == [[4, 3, 2, 1], [6, 5, 0, 0]]
    assert torch.equal(reverse(back, lengths), values)
    assert torch.equal(reverse(values), values.flip(1))


@needs_compiler
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_kernel_passes_its_trial_on_this_machine(dtype) -> None:
    assert load_kernel(dtype) is not None
