"""The calls of NumPy in a function's text written as the operators that do the same: one change then fits both."""

from __future__ import annotations

import ast
import copy

OF_TWO: dict[str, type[ast.operator]] = {
    "np.matmul": ast.MatMult,
    "np.dot": ast.MatMult,
    "np.multiply": ast.Mult,
    "np.add": ast.Add,
    "np.subtract": ast.Sub,
    "np.divide": ast.Div,
    "np.power": ast.Pow,
}


def with_operators(tree: ast.FunctionDef) -> ast.FunctionDef:
    """Return a function with an operator for each call that is one; of arrays with three axes `dot` may be none."""
    return _Operators().visit(copy.deepcopy(tree))


class _Operators(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name, arguments = ast.unparse(node.func), node.args
        if node.keywords or any(isinstance(one, ast.Starred) for one in arguments):
            return node
        match name, arguments:
            case str(), [one, other] if name in OF_TWO:
                return ast.BinOp(one, OF_TWO[name](), other)
            case str(), [other] if isinstance(node.func, ast.Attribute) and node.func.attr == "dot":
                return ast.BinOp(node.func.value, ast.MatMult(), other)
            case "np.square", [one]:
                return ast.BinOp(one, ast.Pow(), ast.Constant(2))
            case "np.negative", [one]:
                return ast.UnaryOp(ast.USub(), one)
            case "np.transpose", [one]:
                return ast.Attribute(one, "T", ast.Load())
        return node
