"""Compressions of ONNX graphs: small graphs that are made here."""

import numpy as np
import onnx
import pytest
from hub_quantize.onnx_graphs.blocks import quantize_blocks
from hub_quantize.onnx_graphs.dynamic import quantize_columns
from hub_quantize.onnx_graphs.order import sort_nodes
from hub_quantize.onnx_graphs.static import range_of, smoothing
from hub_quantize.onnx_graphs.tables import quantize_rows
from onnx import TensorProto, helper

from hub.errors import InferenceError, UsageError
from plugins.quantize.tests.conftest import compress, random, size_of
from plugins.quantize.tests.graphs import WIDTH, answer, cosine, encoder, ids, operators, write

FILES = ("model.onnx", "model.onnx_data")
ALL = {
    "onnx-int8-dynamic": 0.999,
    "onnx-int8-static": 0.999,
    "onnx-int8": 0.9999,
    "onnx-int4": 0.99,
    "onnx-fp16": 0.99999,
}


def made(name, folder, tmp_path, *, external=True, **options):
    files = FILES if external else FILES[:1]
    return compress(name, folder, tmp_path, *files, feeds=[ids(seed=seed) for seed in range(4)], **options)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    encoder(folder)
    return folder


@pytest.mark.parametrize(("name", "least"), ALL.items())
def test_answers_stay_near_and_files_get_smaller(name, least, source, tmp_path):
    out = made(name, source, tmp_path)
    assert sorted(path.name for path in out.iterdir()) == list(FILES)
    assert cosine(answer(out / "model.onnx", ids()), answer(source / "model.onnx", ids())) > least
    assert size_of(out) < 0.6 * size_of(source)


@pytest.mark.parametrize("name", ALL)
def test_names_inputs_and_outputs_stay_and_onnx_finds_no_fault(name, source, tmp_path):
    out = made(name, source, tmp_path)
    onnx.checker.check_model(str(out / "model.onnx"))
    before, after = (onnx.load(str(folder / "model.onnx"), load_external_data=False) for folder in (source, out))
    assert after.graph.name == "the graph's own name"
    assert list(after.graph.input) == list(before.graph.input)
    assert list(after.graph.output) == list(before.graph.output)
    assert {each.domain: each.version for each in after.opset_import}[""] == 17


@pytest.mark.parametrize("name", ALL)
def test_weights_in_the_graph_stay_in_it(name, tmp_path):
    (tmp_path / "in").mkdir()
    encoder(tmp_path / "in", external=False)
    out = made(name, tmp_path / "in", tmp_path, external=False)
    assert [path.name for path in out.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize("name", ALL)
def test_the_same_input_gives_the_same_bytes(name, source, tmp_path):
    written = []
    for turn in ("one", "other"):
        (tmp_path / turn).mkdir()
        out = made(name, source, tmp_path / turn)
        written.append([(out / file).read_bytes() for file in FILES])
    assert written[0] == written[1]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("weight", ["table", "down"])
def test_nan_in_weights_is_an_error_that_names_them(name, weight, tmp_path):
    (tmp_path / "in").mkdir()
    encoder(tmp_path / "in", spoil=weight)
    with pytest.raises(InferenceError, match=rf"'{weight}' of model.onnx holds NaN|tensor '.*' of model.onnx is NaN"):
        made(name, tmp_path / "in", tmp_path)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x09"])
def test_a_file_that_is_no_graph_is_named(name, content, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "model.onnx").write_bytes(content)
    with pytest.raises(InferenceError, match=r"model\.onnx"):
        made(name, tmp_path / "in", tmp_path, external=False)


@pytest.mark.parametrize("name", ALL)
def test_weights_that_are_gone_are_named(name, source, tmp_path):
    (source / "model.onnx_data").unlink()
    with pytest.raises(InferenceError, match=r"of model.onnx cannot be read|cannot be calibrated"):
        made(name, source, tmp_path)


@pytest.mark.parametrize("name", ALL)
def test_a_graph_without_anything_to_compress_is_refused(name, tmp_path):
    (tmp_path / "in").mkdir()
    kind = (TensorProto.FLOAT, ["n"])
    node = helper.make_node("Add", ["x", "x"], ["y"])
    write(tmp_path / "in" / "model.onnx", [node], {}, {"x": kind}, {"y": kind})
    with pytest.raises(UsageError, match=r"model\.onnx (has no|holds no)"):
        made(name, tmp_path / "in", tmp_path, external=False)


@pytest.mark.parametrize("name", [each for each in ALL if each != "onnx-fp16"])
def test_products_that_a_pattern_excludes_stay(name, source, tmp_path):
    out = made(name, source, tmp_path, exclude=["*/down"], embeddings=False)
    loaded = onnx.load(str(out / "model.onnx"))
    floats = {each.name for each in loaded.graph.initializer if each.data_type == TensorProto.FLOAT}
    assert {"down", "table"} <= floats
    assert "up" not in floats


@pytest.mark.parametrize("name", [each for each in ALL if each != "onnx-fp16"])
def test_a_pattern_that_matches_nothing_is_refused_with_a_name_that_there_is(name, source, tmp_path):
    with pytest.raises(UsageError, match=r"exclude=\*/nothing matches no matrix product") as caught:
        made(name, source, tmp_path, exclude=["*/nothing"])
    assert "layer/up" in caught.value.hint


def test_graphs_in_float16_are_compressed_too(tmp_path):
    (tmp_path / "in").mkdir()
    encoder(tmp_path / "in", half=True)
    out = made("onnx-int8", tmp_path / "in", tmp_path)
    assert cosine(answer(out / "model.onnx", ids()), answer(tmp_path / "in" / "model.onnx", ids())) > 0.999


def test_smoothing_keeps_outliers_from_the_rounding_of_activations(source, tmp_path):
    found = {}
    for smooth in (0.0, 0.8):
        (tmp_path / str(smooth)).mkdir()
        out = made("onnx-int8-static", source, tmp_path / str(smooth), smooth=smooth)
        found[smooth] = 1 - cosine(answer(out / "model.onnx", ids()), answer(source / "model.onnx", ids()))
    assert found[0.8] < 0.7 * found[0.0]


def test_weights_in_nodes_and_an_old_opset_are_no_hindrance(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    weight = helper.make_tensor("value", TensorProto.FLOAT, (8, 3, 3, 3), random(8, 3, 3, 3).ravel())
    path = write(
        folder / "model.onnx",
        [
            helper.make_node("Constant", [], ["w"], "weight", value=weight),
            helper.make_node("Conv", ["x", "w"], ["y"], "conv", pads=[1, 1, 1, 1]),
        ],
        {},
        {"x": (TensorProto.FLOAT, ["n", 3, 16, 16])},
        {"y": (TensorProto.FLOAT, ["n", 8, 16, 16])},
        opset=11,
    )
    model = onnx.load(path)
    model.metadata_props.add(key="character", value="a b")
    onnx.save(model, path)
    feeds = [{"x": random(2, 3, 16, 16, seed=seed)} for seed in range(3)]
    for transform, kind in (("onnx-fp16", TensorProto.FLOAT16), ("onnx-int8-static", TensorProto.INT8)):
        (tmp_path / transform).mkdir()
        out = compress(transform, folder, tmp_path / transform, "model.onnx", feeds=feeds)
        assert cosine(answer(out / "model.onnx", feeds[0]), answer(path, feeds[0])) > 0.999
        after = onnx.load(out / "model.onnx")
        assert [each.data_type for each in after.graph.initializer if len(each.dims) == 4] == [kind]
        assert "a b" in [each.value for each in after.metadata_props if each.key == "character"]


def test_static_without_feeds_is_refused(source, tmp_path):
    with pytest.raises(UsageError, match="was fed nothing"):
        compress("onnx-int8-static", source, tmp_path, *FILES)


def test_static_in_an_opset_with_axes_as_input(tmp_path):
    (tmp_path / "in").mkdir()
    encoder(tmp_path / "in", opset=21)
    out = made("onnx-int8-static", tmp_path / "in", tmp_path)
    assert cosine(answer(out / "model.onnx", ids()), answer(tmp_path / "in" / "model.onnx", ids())) > 0.999


def test_convolutions_get_8_bits_with_calibration(tmp_path):
    (tmp_path / "in").mkdir()
    image = (TensorProto.FLOAT, ["n", 3, 16, 16])
    path = write(
        tmp_path / "in" / "model.onnx",
        [helper.make_node("Conv", ["x", "w"], ["y"], "conv", pads=[1, 1, 1, 1])],
        {"w": random(8, 3, 3, 3)},
        {"x": image},
        {"y": (TensorProto.FLOAT, ["n", 8, 16, 16])},
    )
    feeds = [{"x": random(2, 3, 16, 16, seed=seed)} for seed in range(3)]
    out = compress("onnx-int8-static", tmp_path / "in", tmp_path, "model.onnx", feeds=feeds)
    assert operators(out / "model.onnx").count("QuantizeLinear") == 2
    assert cosine(answer(out / "model.onnx", feeds[0]), answer(path, feeds[0])) > 0.999
    (tmp_path / "again").mkdir()
    with pytest.raises(UsageError, match="int8-dynamic finds nothing") as caught:
        compress("onnx-int8-dynamic", tmp_path / "in", tmp_path / "again", "model.onnx")
    assert "int8-static" in caught.value.hint


def test_recurrent_layers_get_8_bits(tmp_path):
    (tmp_path / "in").mkdir()
    state = (TensorProto.FLOAT, ["t", "n", 16])
    path = write(
        tmp_path / "in" / "model.onnx",
        [helper.make_node("LSTM", ["x", "w", "r"], ["y"], "lstm", hidden_size=16)],
        {"w": random(1, 64, 16) / 4, "r": random(1, 64, 16, seed=1) / 4},
        {"x": state},
        {"y": (TensorProto.FLOAT, ["t", 1, "n", 16])},
    )
    out = compress("onnx-int8-dynamic", tmp_path / "in", tmp_path, "model.onnx")
    assert "DynamicQuantizeLSTM" in operators(out / "model.onnx")
    feeds = {"x": random(5, 2, 16, seed=2)}
    assert cosine(answer(out / "model.onnx", feeds), answer(path, feeds)) > 0.999


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(("inputs", "block"), [(64, 16), (70, 32), (96, 32), (33, 64)])
def test_block_wise_products_are_those_of_the_rounded_matrix(bits, inputs, block, tmp_path):
    (tmp_path / "in").mkdir()
    matrix = random(inputs, 24)
    write(
        tmp_path / "in" / "model.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
        {"w": matrix},
        {"x": (TensorProto.FLOAT, ["n", inputs])},
        {"y": (TensorProto.FLOAT, ["n", 24])},
    )
    out = compress(f"onnx-int{bits}", tmp_path / "in", tmp_path, "model.onnx", block_size=block)
    integers, scales, zeros = quantize_blocks(matrix, bits, block)
    rounded = ((integers - zeros[..., None].astype(np.float32)) * scales[..., None]).reshape(24, -1)[:, :inputs].T
    assert np.abs(rounded - matrix).max() <= scales.max() / 2 + 1e-6
    feeds = random(5, inputs, seed=1)
    found = answer(out / "model.onnx", {"x": feeds})
    np.testing.assert_allclose(found, feeds @ rounded, atol=0.02 * np.abs(feeds @ rounded).max())


def test_a_block_that_is_no_power_of_two_is_refused(source, tmp_path):
    with pytest.raises(UsageError, match="block_size=48 is no power of two"):
        made("onnx-int4", source, tmp_path, block_size=48)


def test_rounding_is_within_half_a_step():
    values = random(100, WIDTH)
    values[3] = 0
    rows, scales = quantize_rows(values)
    assert np.abs(rows * scales - values).max() <= scales.max() / 2 + 1e-6
    columns, steps = quantize_columns(values)
    assert np.abs(columns * steps - values).max() <= steps.max() / 2 + 1e-6
    assert steps.shape == (WIDTH,)
    assert quantize_columns(values, 63, whole=True)[1].shape == ()
    assert np.abs(quantize_columns(values, 63)[0]).max() == 63


@pytest.mark.parametrize(
    ("low", "high", "zero"), [(-1, 1.1, 121), (0, 2.55, 0), (1, 2.55, 0), (-2.55, -1, 255), (0, 0, 0)]
)
def test_a_range_holds_zero(low, high, zero):
    scale, found = range_of(low, high)
    assert found == zero
    assert scale > 0


def test_smoothing_leaves_channels_alone_that_never_have_a_value():
    np.testing.assert_array_equal(smoothing(np.array([0, 4.0], np.float32), np.ones(2, np.float32), 0.5), [1, 2])
    np.testing.assert_array_equal(smoothing(np.array([3, 4.0], np.float32), np.ones(2, np.float32), 0), [1, 1])


def test_weights_that_a_branch_takes_stay(tmp_path):
    (tmp_path / "in").mkdir()
    kind = (TensorProto.FLOAT, ["n", 32])
    branches = {
        f"{side}_branch": helper.make_graph(
            [helper.make_node(op, ["product", "w"], [side])], side, [], [helper.make_tensor_value_info(side, *kind)]
        )
        for side, op in (("then", "MatMul"), ("else", "Gemm"))
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"], "outer"),
        helper.make_node("If", ["switch"], ["y"], "branch", **branches),
    ]
    path = write(
        tmp_path / "in" / "model.onnx",
        nodes,
        {"w": random(32, 32) / 6},
        {"x": kind, "switch": (TensorProto.BOOL, [])},
        {"y": kind},
    )
    out = compress("onnx-int8", tmp_path / "in", tmp_path, "model.onnx")
    feeds = {"x": random(3, 32, seed=1), "switch": np.array(True)}
    assert cosine(answer(out / "model.onnx", feeds), answer(path, feeds)) > 0.999


def test_weights_that_are_inputs_too_are_no_inputs_afterwards(tmp_path):
    (tmp_path / "in").mkdir()
    path = encoder(tmp_path / "in", external=False)
    model = onnx.load(str(path))
    model.graph.input.append(helper.make_tensor_value_info("up", TensorProto.FLOAT, [WIDTH, 96]))
    onnx.save_model(model, str(path))
    out = made("onnx-int8", tmp_path / "in", tmp_path, external=False)
    assert [each.name for each in onnx.load(str(out / "model.onnx")).graph.input] == ["ids"]
    assert answer(out / "model.onnx", ids()).shape == (8, 6, WIDTH)


def test_numbers_that_float16_cannot_hold_are_named(tmp_path):
    (tmp_path / "in").mkdir()
    path = encoder(tmp_path / "in", external=False)
    model = onnx.load(str(path))
    (tensor,) = (each for each in model.graph.initializer if each.name == "up")
    tensor.CopyFrom(onnx.numpy_helper.from_array(random(WIDTH, 96) * 1e5, "up"))
    onnx.save_model(model, str(path))
    with pytest.raises(InferenceError, match=r"'up' of model\.onnx holds .*, which float16 cannot hold"):
        made("onnx-fp16", tmp_path / "in", tmp_path, external=False)


def test_operators_that_have_no_float16_are_cast_where_they_stand(tmp_path):
    (tmp_path / "in").mkdir()
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["wide"], "first"),
        helper.make_node("Max", ["wide", "least"], ["cut"], "cut"),
        helper.make_node("MatMul", ["cut", "second"], ["y"], "second"),
    ]
    weights = {"first": random(32, 64), "second": random(64, 32, seed=1), "least": np.zeros(1, np.float32)}
    kinds = {"x": (TensorProto.FLOAT, ["n", 32])}, {"y": (TensorProto.FLOAT, ["n", 32])}
    path = write(tmp_path / "in" / "model.onnx", nodes, weights, *kinds)
    out = compress("onnx-fp16", tmp_path / "in", tmp_path, "model.onnx")
    onnx.checker.check_model(str(out / "model.onnx"))
    names = [node.name for node in onnx.load(str(out / "model.onnx")).graph.node]
    assert names.index("first") < names.index("wide_cast_to_fp32_node") < names.index("cut") < names.index("second")
    feeds = {"x": random(3, 32, seed=2)}
    assert cosine(answer(out / "model.onnx", feeds), answer(path, feeds)) > 0.99999


def test_nodes_that_are_in_order_stay_where_they_are():
    made = [helper.make_node("Neg", [str(place)], [str(place + 1)], str(place)) for place in range(3)]
    graph = helper.make_graph([made[2], made[0], made[1]], "g", [], [])
    sort_nodes(graph)
    assert [node.name for node in graph.node] == ["0", "1", "2"]
    graph = helper.make_graph([made[0], helper.make_node("Neg", ["0"], ["9"], "other"), *made[1:]], "g", [], [])
    sort_nodes(graph)
    assert [node.name for node in graph.node] == ["0", "other", "1", "2"]
