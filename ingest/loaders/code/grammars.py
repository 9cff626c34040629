"""What each grammar of tree-sitter calls the functions and classes of its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Grammar:
    """A grammar's module, and the types of its nodes: `functions` stand for themselves, `containers` hold others.

    `wrappers` begin a definition that they hold: decorators, exports. `separator` stands between the names of a
    container and of what it holds.
    """

    module: str
    functions: frozenset[str]
    containers: frozenset[str]
    wrappers: frozenset[str] = field(default_factory=frozenset)
    separator: str = "."
    language: str = "language"
    """The function of the module that gives the grammar."""


def _types(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SCRIPT_FUNCTIONS = (
    "function_declaration generator_function_declaration method_definition variable_declarator assignment_expression"
)
_SCRIPT_WRAPPERS = "export_statement lexical_declaration variable_declaration expression_statement"
_TYPED_FUNCTIONS = f"{_SCRIPT_FUNCTIONS} type_alias_declaration enum_declaration function_signature"
_TYPED_CONTAINERS = "class_declaration abstract_class_declaration interface_declaration internal_module module"
_C_FUNCTIONS = "function_definition enum_specifier type_definition"
_CLASSES = "class_declaration interface_declaration struct_declaration record_declaration enum_declaration"

GRAMMARS: Mapping[str, Grammar] = {
    "python": Grammar(
        "tree_sitter_python", _types("function_definition"), _types("class_definition"), _types("decorated_definition")
    ),
    "javascript": Grammar(
        "tree_sitter_javascript", _types(_SCRIPT_FUNCTIONS), _types("class_declaration"), _types(_SCRIPT_WRAPPERS)
    ),
    "typescript": Grammar(
        "tree_sitter_typescript",
        _types(_TYPED_FUNCTIONS),
        _types(_TYPED_CONTAINERS),
        _types(_SCRIPT_WRAPPERS),
        language="language_typescript",
    ),
    "tsx": Grammar(
        "tree_sitter_typescript",
        _types(_TYPED_FUNCTIONS),
        _types(_TYPED_CONTAINERS),
        _types(_SCRIPT_WRAPPERS),
        language="language_tsx",
    ),
    "java": Grammar(
        "tree_sitter_java",
        _types("method_declaration constructor_declaration compact_constructor_declaration"),
        _types(f"{_CLASSES} annotation_type_declaration"),
    ),
    "c": Grammar("tree_sitter_c", _types(f"{_C_FUNCTIONS} struct_specifier union_specifier"), frozenset()),
    "cpp": Grammar(
        "tree_sitter_cpp",
        _types(_C_FUNCTIONS),
        _types("class_specifier struct_specifier union_specifier namespace_definition"),
        _types("template_declaration"),
        "::",
    ),
    "csharp": Grammar(
        "tree_sitter_c_sharp",
        _types("method_declaration constructor_declaration destructor_declaration operator_declaration"),
        _types(f"{_CLASSES} namespace_declaration"),
    ),
    "go": Grammar(
        "tree_sitter_go",
        _types("function_declaration method_declaration type_spec"),
        frozenset(),
        _types("type_declaration"),
    ),
    "rust": Grammar(
        "tree_sitter_rust",
        _types("function_item struct_item enum_item union_item macro_definition"),
        _types("trait_item impl_item mod_item"),
        separator="::",
    ),
    "ruby": Grammar("tree_sitter_ruby", _types("method singleton_method"), _types("class module"), separator="::"),
    "php": Grammar(
        "tree_sitter_php",
        _types("function_definition method_declaration"),
        _types("class_declaration interface_declaration trait_declaration enum_declaration namespace_definition"),
        separator="::",
        language="language_php",
    ),
    "bash": Grammar("tree_sitter_bash", _types("function_definition"), frozenset()),
    "sql": Grammar(
        "tree_sitter_sql",
        _types("create_table create_view create_materialized_view create_function create_trigger create_type"),
        frozenset(),
        _types("statement"),
    ),
    "kotlin": Grammar(
        "tree_sitter_kotlin", _types("function_declaration"), _types("class_declaration object_declaration")
    ),
    "swift": Grammar(
        "tree_sitter_swift",
        _types("function_declaration init_declaration protocol_function_declaration"),
        _types("class_declaration protocol_declaration"),
    ),
}
